"""Label files, JSON Lines and Parquet: each row is an answer or wrong in a known way."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from atpatch_core.labels import LabelStore, NewInput, SubjectRef
from atpatch_core.labels.exchange import ImportReport, import_labels

from .case import Case, low

_KEYS = 50
_SUBJECT = SubjectRef("vit", "ab" * 32, "image", (4, 4))
_INPUT = NewInput(b"an image", "image", _KEYS)
_VERDICT = {"layer": 0, "head": 1, "column": 49, "verdict": "benign", "score": 0.5}

Row = dict[str, Any]

_SOUND: tuple[Row, ...] = (
    {},
    {"state": "draft", "verdicts": []},
    {"state": "discarded", "verdicts": []},
    {"time": "2026-01-31T12:00:00+05:30"},
    {"time": "1970-01-01T00:00:00+00:00"},
    {"time": "2999-12-31T23:59:59.999999+00:00"},
    {"schema": 1, "detector": "v1"},
    {"verdicts": [{**_VERDICT, "score": None}, {**_VERDICT, "layer": 1, "score": 1}]},
    {"title": "a\u202eb", "source": "=1+1"},
)
_FAULTY: tuple[Row, ...] = (
    *({"annotator": one} for one in ("", " ", "x" * 81, "a\x07b", 5, None, ["ada"], "\u200b")),
    *({"fingerprint": one} for one in ("AB" * 32, "", 5, "cd" * 31, None)),
    *({"input_sha256": one} for one in ("0" * 64, "", "short", 5, None)),
    *({"input": one} for one in ("not base64!", 5, "", "QQ==", "=" * 99)),
    *({"state": one} for one in ("done", "", 5, ["draft"])),
    *({"revision": one} for one in (0, -1, 1.5, 2**40, "1", True)),
    *({"time": one} for one in ("yesterday", "", "2026-01-01T00:00:00", 5, "0001-01-01T00:00:00+14:00")),
    *({"time": one} for one in ("9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00")),
    *({"time": one} for one in ("1969-12-31T23:59:59+00:00", "2026-13-01T00:00:00+00:00", "9" * 5_000)),
    *({"token": one} for one in ("", "x", 7, "A" * 36, "x" * 300)),
    *({"detector": one} for one in ("", {}, 5, "a\x00b", "x" * 300)),
    *({"schema": one} for one in (2, 0, "1", True)),
    *({"verdicts": one} for one in (None, [], "all", [5], [{}], [_VERDICT, _VERDICT], {"layer": 0}, [[_VERDICT]])),
    *({"verdicts": [{**_VERDICT, "column": one}]} for one in (_KEYS, -1, 1.0, None, True, "1", 2**31)),
    *({"verdicts": [{**_VERDICT, "head": one}]} for one in (4, -1, 2**40)),
    *({"verdicts": [{**_VERDICT, "layer": one}]} for one in (2, -1, None)),
    *({"verdicts": [{**_VERDICT, "verdict": one}]} for one in ("", "bad", None, 5, ["benign"], "Benign")),
    *({"verdicts": [{**_VERDICT, "score": one}]} for one in (2, -0.1, "0.5", True, [0.5], 10**90)),
    *({"kind": "image", "heads": one} for one in ([4, "4"], [], "4", [4.0], 4, [-1])),
    *({"keys": one} for one in (-1, 1.5, True, "50")),
    {"note": "a field that nobody knows"},
    {"verdicts": [{**_VERDICT, "note": 1}]},
    {"trace": "x"},
    {"title": 5},
    {"title": "x" * 300},
)
_LINES: tuple[bytes, ...] = (
    *(b"{", b"[1]", b"null", b"17", b"NaN", b'{"annotator": NaN}', b"\xff\xfe{}", b"{}}", b'"text"', b"{} {}"),
    *(b'{"a":' * 5_000, b"[" * 50_000, b'{"revision": ' + b"9" * 5_000 + b"}", b'{"annotator": "\\ud800"}', b"\0"),
)


def cases(rng: random.Random) -> Iterator[Case]:
    """About two hundred files."""
    for number, row in enumerate(_FAULTY):
        yield _lines(f"line {number}: {str(row)[:60]}", [_line({}, "a"), _line(row, "b"), _line({}, "c")], [2])
    for number, row in enumerate(_SOUND):
        yield _lines(f"sound {number}", [_line({}, "a"), _line(row, "b")], [])
    for number, line in enumerate(_LINES):
        yield _lines(f"broken line {number}", [_line({}, "a"), line, b"", _line({}, "c")], [2])
    for number in range(30):
        made = [(_line(rng.choice(_SOUND), f"p{place}"), True) for place in range(4)]
        made += [(_line(rng.choice(_FAULTY), f"q{place}"), False) for place in range(4)]
        rng.shuffle(made)
        rows = [place for place, (_, sound) in enumerate(made, start=1) if not sound]
        yield _lines(f"mixed {number}", [line for line, _ in made], rows)
    yield from _parquet_cases()
    yield from _damaged_files(rng)


def _line(change: Row, annotator: str) -> bytes:
    row = {
        "fingerprint": _SUBJECT.fingerprint,
        "input_sha256": _INPUT.digest,
        "annotator": annotator,
        "verdicts": [_VERDICT],
        **change,
    }
    return json.dumps(row).encode()


def _lines(name: str, lines: list[bytes], refused: list[int]) -> Case:
    content = b"\n".join(lines)
    rows = sum(bool(line.strip()) for line in lines)
    return Case(name, _importing(content, ".jsonl"), _Told(rows, refused))


@dataclass(frozen=True)
class _Told:
    """What the report must say: how many rows, and which ones are refused."""

    rows: int
    refused: list[int]

    def __call__(self, found: ImportReport) -> bool:
        named = sorted({one.row for one in found.problems})
        kept = self.rows - len(self.refused)
        return (found.rows, found.imported, named, found.refused) == (self.rows, kept, self.refused, len(self.refused))


def _parquet_cases() -> Iterator[Case]:
    now = datetime(2026, 1, 1, tzinfo=UTC)

    def table(**columns: Any) -> bytes:
        count = 3
        whole = {
            "fingerprint": [_SUBJECT.fingerprint] * count,
            "input_sha256": [_INPUT.digest] * count,
            "annotator": ["a", "b", "c"],
            "verdicts": [[_VERDICT]] * count,
            **columns,
        }
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table(whole), sink)
        return bytes(sink.getvalue())

    broken = pa.array([b"a", b"\xff\xfe", b"c"]).view(pa.string())
    for name, columns, refused in (
        ("sound", {"time": [now] * 3}, []),
        ("no UTF-8", {"annotator": broken}, [2]),
        ("no UTF-8 in a title", {"title": broken}, [2]),
        ("a time beyond the calendar", {"time": pa.array([0, 2**62, 1], pa.timestamp("us", tz="UTC"))}, [2]),
        ("a time before it", {"time": pa.array([0, -(2**62), 1], pa.timestamp("us", tz="UTC"))}, [2]),
        ("a time in seconds beyond it", {"time": pa.array([0, 2**40, 1], pa.timestamp("s", tz="UTC"))}, [2]),
        ("nanoseconds", {"time": pa.array([1, 2, 3], pa.timestamp("ns", tz="UTC"))}, []),
        ("no time zone", {"time": pa.array([1, 2, 3], pa.timestamp("us"))}, [1, 2, 3]),
        ("empty annotators", {"annotator": ["", None, "c"]}, [1, 2]),
        ("verdicts of another kind", {"verdicts": [1, 2, 3]}, [1, 2, 3]),
        ("no verdicts", {"verdicts": [[_VERDICT], None, []]}, [2, 3]),
        ("numbers for names", {"annotator": [1, 2, 3]}, [1, 2, 3]),
        ("large numbers", {"revision": pa.array([1, 2**63 + 5, None], pa.uint64())}, [2]),
        ("days for times", {"time": pa.array([1, 2, 3], pa.date32())}, [1, 2, 3]),
        ("a column that nobody knows", {"note": ["x", None, "y"]}, [1, 2, 3]),
    ):
        yield Case(f"Parquet: {name}", _importing(table(**columns), ".parquet"), _Told(3, refused))
    heavy = table(title=["x" * 190] * 3)
    for table_name, values in (("TABLES", {"unpacked": 100}), ("TABLES", {"rows": 2}), ("TABLES", {"columns": 2})):
        yield Case(f"Parquet beyond {values}", _importing(heavy, ".parquet", table_name, values))


def _damaged_files(rng: random.Random) -> Iterator[Case]:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"annotator": ["a"] * 50, "title": [str(one) for one in range(50)]}), sink)
    sound = bytes(sink.getvalue())
    for number in range(25):
        yield Case(f"Parquet cut off {number}", _importing(sound[: rng.randrange(len(sound))], ".parquet"))
    for number in range(5):
        yield Case(f"bytes as Parquet {number}", _importing(rng.randbytes(300), ".parquet"))
    yield Case("another table", _importing(_of(pa.table({"x": [1]})), ".parquet"))
    yield Case("another ending", _importing(sound, ".csv"))
    long = [_line({}, "a"), _line({"title": "x" * 150}, "b"), _line({}, "c")]
    yield Case(
        "a line too long",
        _importing(b"\n".join(long), ".jsonl", "LABELS", {"line": len(long[0]) + 1}),
        _Told(3, [2]),
    )


def _of(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue())


@cache
def _empty_store() -> bytes:
    """The file of a store with one queued input."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "store.sqlite"
        with LabelStore.open(f"sqlite:///{file}") as store:
            store.enqueue(_SUBJECT, _INPUT)
        return file.read_bytes()


def _importing(
    content: bytes, suffix: str, table: str = "LABELS", values: dict[str, int] | None = None
) -> Callable[[Path], object]:
    def attempt(folder: Path) -> object:
        (folder / "store.sqlite").write_bytes(_empty_store())
        file = folder / f"labels{suffix}"
        file.write_bytes(content)
        with LabelStore.open(f"sqlite:///{folder / 'store.sqlite'}") as store, low(table, **(values or {})):
            return import_labels(store, file)

    return attempt
