"""Files of records, CSV and JSON: each row is sound or wrong in a known way."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from atpatch_core.subjects.record_files import read_table
from atpatch_core.subjects.record_schema import CategoryField, NumberField, Protected, RecordSchema

from .case import Case, low

SCHEMA = RecordSchema(
    (
        NumberField("age", -5, 10**15, (30, 50), 40),
        CategoryField("sex", ("Female", "Male"), "Male"),
        CategoryField("town", ("A", "B, C", "\u4f60\u597d", 'the "Q"', "1"), "A"),
    ),
    (Protected("sex", ("Male",)),),
    "yes",
)
# How a whole number may be written, and what is none.
NUMBERS: tuple[tuple[object, int], ...] = (
    *(
        (17, 17),
        ("17", 17),
        (" 17 ", 17),
        ("+17", 17),
        ("17.0", 17),
        (17.0, 17),
        ("1.7e1", 17),
        ("-5", -5),
        (10**15, 10**15),
    ),
    *(("0017", 17), ("170e-1", 17), (-5, -5), (0, 0), (-0.0, 0), ("999999999999999", 999_999_999_999_999)),
)
NO_NUMBERS: tuple[object, ...] = (
    *("", " ", "?", "forty", "1_7", "\u0661\u0667", "0x11", "17.5", "nan", "inf", "1e999", "1e-1", "17 years", "--17"),
    *("9" * 39, "9" * 5_000, "1,7", "17.00000000000000000000001", "-6", str(10**15 + 1), "\u00bd", "17\u200b", "1\07"),
)
NO_NUMBERS_IN_JSON: tuple[object, ...] = (
    True,
    None,
    [],
    {},
    [17],
    17.5,
    1e300,
    2.0**60,
    float("nan"),
    float("inf"),
    10**90,
)
NO_TOWNS: tuple[object, ...] = ("", "?", "a", "A\0", "A\u200b", "B", "X" * 3_000, "=A", "\u0410")
NO_TOWNS_IN_JSON: tuple[object, ...] = (1, True, None, ["A"], {"A": 1}, 1.0)

Row = dict[str, object]


def cases(rng: random.Random) -> Iterator[Case]:
    """About two hundred files."""
    for number in range(70):
        rows = [_row(rng, for_json=False) for _ in range(rng.randrange(2, 9))]
        yield _case(f"CSV {number}", _as_csv([row for row, _ in rows], rng), [wanted for _, wanted in rows])
    for number in range(70):
        rows = [_row(rng, for_json=True) for _ in range(rng.randrange(2, 9))]
        yield _case(f"JSON {number}", json.dumps([row for row, _ in rows]).encode(), [wanted for _, wanted in rows])
    yield from _broken_csv()
    yield from _no_records(rng)
    yield from _beyond_limits()


def _row(rng: random.Random, for_json: bool) -> tuple[Row, Row | None]:
    """A row, and the record it is, if it is one."""
    written, age = rng.choice(NUMBERS)
    sex, town = rng.choice(("Female", "Male")), rng.choice(("A", "B, C", "\u4f60\u597d", 'the "Q"', "1"))
    row: Row = {"town": town, "age": written if for_json else str(written), "sex": sex, "label": "yes"}
    if rng.random() < 0.5:
        return row, {"age": age, "sex": sex, "town": town}
    if rng.random() < 0.5:
        row["age"] = rng.choice(NO_NUMBERS + (NO_NUMBERS_IN_JSON if for_json else ()))
    else:
        row["town"] = rng.choice(NO_TOWNS + (NO_TOWNS_IN_JSON if for_json else ()))
    return row, None


def _as_csv(rows: list[Row], rng: random.Random) -> bytes:
    file = io.StringIO()
    writer = csv.DictWriter(
        file, list(rows[0]), delimiter=rng.choice(",;\t"), lineterminator=rng.choice(("\n", "\r\n"))
    )
    writer.writeheader()
    writer.writerows(rows)
    return rng.choice((b"", b"\xef\xbb\xbf")) + file.getvalue().encode()


def _case(name: str, content: bytes, wanted: list[Row | None]) -> Case:
    kept = [one for one in wanted if one is not None]
    rows = [number for number, one in enumerate(wanted, start=1) if one is None]

    def right(found: Any) -> bool:
        return list(found) == kept and [one.row for one in found.left_out] == rows

    return Case(name, _reading(content), right if kept else None)


def _reading(content: bytes) -> Callable[[Path], object]:
    return lambda folder: read_table(content, SCHEMA)


def _broken_csv() -> Iterator[Case]:
    sound: Row = {"age": 17, "sex": "Male", "town": "A"}
    head, good = "age,sex,town\n", "17,Male,A\n"
    for name, lines, wanted in (
        ("too few values", "17,Male\n", [sound, None, sound]),
        ("too many values", "17,Male,A,A\n", [sound, None, sound]),
        ("letters after a quotation", '17,"Male"x,A\n', [sound, None, sound]),
        ("only delimiters", ",,\n", [sound, None, sound]),
        ("an empty line", "\n\r\n", [sound, sound]),
        ("a quotation that is never closed", '17,"Male,A\n', [sound, None]),
        ("a line end in a value", '17,"Ma\nle",A\n', [sound, None, sound]),
        ("a quoted value", '"17","Male","A"\n', [sound, sound, sound]),
    ):
        yield _case(name, (head + good + lines + good).encode(), wanted)
    for name, content in (
        ("no header", b"17,Male,A\n17,Male,A\n"),
        ("a name twice", b"age,sex,town,age\n17,Male,A,17\n"),
        ("only a header", b"age,sex,town\n\n"),
        ("Latin-1", "age,sex,town\n17,Male,\u00e9\n".encode("latin-1")),
        ("UTF-16", (head + good).encode("utf-16")),
        ("another column", b"age,sex,town,wage\n17,Male,A,1\n"),
    ):
        yield Case(name, _reading(content))


def _no_records(rng: random.Random) -> Iterator[Case]:
    sound = {"age": 17, "sex": "Male", "town": "A"}
    text = json.dumps([sound])
    for number, content in enumerate(
        (
            *(b"", b" ", b"{", b"[", b"{}", b"[]", b"[1]", b"[[]]", b"[null]", b"{]", b"[{}]", b"\xff\xfe[]", b"[{},]"),
            *(b"[" * 50_000, b'{"age":' * 50_000, text.encode() + b"}", text.encode("utf-16"), text[:-9].encode()),
            *(b'[{"age": ' + b"9" * 6_000 + b"}]", b'{"age": 17, "sex": "Male", "town": "\\ud800"}'),
            json.dumps({**sound, "age": {"a": [{"b": []}] * 3}}).encode(),
        )
    ):
        yield Case(f"no records {number}", _reading(content))
    yield _case("a field twice", f'[{text[1:-2]}, "age": 18}}, {text[1:-1]}]'.encode(), [None, sound])
    for number in range(20):
        yield Case(f"bytes {number}", _reading(rng.randbytes(rng.randrange(1, 400))))


def _beyond_limits() -> Iterator[Case]:
    sound: Row = {"age": 17, "sex": "Male", "town": "A"}
    wide = {**sound, **{f"f{number}": number for number in range(40)}}
    table = json.dumps([sound, wide, sound]).encode()

    def limited(content: bytes, table: str, **values: int) -> Callable[[Path], object]:
        def attempt(folder: Path) -> object:
            with low(table, **values):
                return read_table(content, SCHEMA)

        return attempt

    yield Case("too many fields", limited(json.dumps(wide).encode(), "RECORDS", fields=20))
    yield Case(
        "too many fields in one row", limited(table, "RECORDS", fields=20), lambda found: len(found.left_out) == 1
    )
    yield Case(
        "too many columns", limited(b"age,sex,town," + b",".join(b"%d" % n for n in range(40)), "RECORDS", fields=20)
    )
    yield Case("too many bytes", limited(table, "RECORDS", bytes=100))
    yield Case("too many records", limited(table, "RECORDS", records=2))
    yield Case("too deep", limited(b'[[[[{"age": 17}]]]]', "JSON", nesting=3))
    yield Case("too long a value", limited(b"age,sex,town\n17,Male," + b"A" * 99, "TABLES", characters=50))
