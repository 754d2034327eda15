"""Evaluation data: tables and folders whose rows are sound or wrong in a known way."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from atpatch_core.evaluation.datasets import parse_labelled_images, read_images, read_labelled_images
from atpatch_core.evaluation.record_data import read_labelled_records, read_people
from atpatch_core.evaluation.text_data import read_labelled_texts, read_texts

from .case import Case, low
from .images import as_file
from .records import SCHEMA

_LABELS = ("Bag", "T-shirt/top", "Hat")
_TWINS = ("Bag", "Hat", "Bag")
_COUNTED = ("2", "1", "0")
_NO_IMAGES: tuple[bytes | None, ...] = (
    None,
    b"",
    b"no image",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a" + bytes(40),
    b"\xff\xd8\xff",
)
_NO_TEXTS: tuple[str | None, ...] = (None, "", " \n", "a\0b", "\u200b\u202e")
_NO_LABELS = ("Shoe", "", "bag", "3", "-1", "1.0", "True", "9" * 5_000, "\u0661", "Bag\0", "None", "nan")
_SOUND_LABELS = {"Bag": 0, "T-shirt/top": 1, "T-shirt-top": 1, "Hat": 2, " Hat ": 2, "0": 0, "2": 2}


def cases(rng: random.Random) -> Iterator[Case]:
    """About three hundred data sets."""
    for number in range(60):
        yield _images(rng, number)
        yield _texts(rng, number)
    for number in range(40):
        yield _folder(rng, number)
        yield _records(rng, number)
    yield from _columns_of_labels()
    yield from _values_that_can_not_be()
    yield from _damaged(rng)
    yield from _beyond_limits()


def _label(rng: random.Random) -> tuple[str, int | None]:
    if rng.random() < 0.75:
        return rng.choice(list(_SOUND_LABELS.items()))
    return rng.choice(_NO_LABELS), None


def _image(rng: random.Random) -> tuple[bytes, np.ndarray]:
    shape = (rng.randrange(1, 9), rng.randrange(1, 9))
    pixels = np.random.default_rng(rng.randrange(2**32)).integers(0, 256, shape, dtype=np.uint8)
    return as_file(pixels), pixels


def _table(**columns: Any) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    return bytes(sink.getvalue())


def _reads_and_reports(found: Any, wanted: list[tuple[Any, int] | None], same: Callable[[Any, Any], bool]) -> bool:
    """Whether the sound rows, and only they, were read, and every other one is told."""
    kept = [one for one in wanted if one is not None]
    rows = [number for number, one in enumerate(wanted, start=1) if one is None]
    return (
        len(found) == len(kept)
        and all(same(read, one) for read, (one, _) in zip(found.inputs, kept, strict=True))
        and found.labels.tolist() == [label for _, label in kept]
        and [one.row for one in found.left_out] == rows
    )


def _same_pixels(read: Any, wanted: Any) -> bool:
    return np.array_equal(np.asarray(read), wanted)


def _images(rng: random.Random, number: int) -> Case:
    contents: list[bytes | None] = []
    names, wanted = [], list[tuple[Any, int] | None]()
    for _ in range(rng.randrange(2, 8)):
        content, pixels = _image(rng)
        name, label = _label(rng)
        sound = rng.random() < 0.75
        contents.append(content if sound else rng.choice(_NO_IMAGES))
        names.append(name)
        wanted.append((pixels, label) if sound and label is not None else None)
    table = _table(image=pa.array(contents, pa.binary()), label=names)
    right = (
        None
        if not any(one is not None for one in wanted)
        else lambda found: _reads_and_reports(found, wanted, _same_pixels)
    )
    if number % 2:
        return Case(f"images, uploaded, {number}", lambda folder: parse_labelled_images(table, _LABELS), right)
    return Case(
        f"images {number}", _in_file("a.parquet", table, lambda path: read_labelled_images(path, _LABELS)), right
    )


def _texts(rng: random.Random, number: int) -> Case:
    texts, names, wanted = [], [], list[tuple[Any, int] | None]()
    for place in range(rng.randrange(2, 8)):
        name, label = _label(rng)
        text = rng.choice((f"text {place}", 'a "film", fine', "two\nlines", "\u4f60\u597d", "=1+1", " a "))
        sound = rng.random() < 0.75
        texts.append(text if sound else rng.choice(_NO_TEXTS))
        names.append(name)
        wanted.append((text, label) if sound and label is not None else None)
    right = (
        None
        if not any(one is not None for one in wanted)
        else lambda found: _reads_and_reports(found, wanted, lambda a, b: a == b)
    )
    if number % 2:
        file = io.StringIO()
        writer = csv.writer(file)
        writer.writerow(["label", "text"])
        writer.writerows(zip(names, (text or "" for text in texts), strict=True))
        name, content = "a.csv", file.getvalue().encode()
    else:
        name, content = "a.parquet", _table(text=pa.array(texts, pa.string()), label=names)
    return Case(f"texts {number}", _in_file(name, content, lambda path: read_labelled_texts(path, _LABELS)), right)


def _records(rng: random.Random, number: int) -> Case:
    rows, wanted = [], list[tuple[Any, int] | None]()
    for place in range(rng.randrange(2, 8)):
        name, label = _label(rng)
        sound = rng.random() < 0.75
        rows.append({"age": 17 + place if sound else -99, "sex": "Male", "town": "A", "label": name})
        wanted.append(({"age": 17 + place, "sex": "Male", "town": "A"}, label) if sound and label is not None else None)

    def right(found: Any) -> bool:
        kept = [one for one in wanted if one is not None]
        left_out = [row for row, one in enumerate(wanted, start=1) if one is None]
        read = (found.records, found.labels.tolist(), [one.row for one in found.left_out])
        return read == ([one for one, _ in kept], [label for _, label in kept], left_out)

    table = _table(**{name: [row[name] for row in rows] for name in rows[0]})
    attempt = _in_file("a.parquet", table, lambda path: read_labelled_records(path, SCHEMA, _LABELS))
    return Case(f"records {number}", attempt, right if any(one is not None for one in wanted) else None)


def _folder(rng: random.Random, number: int) -> Case:
    """A folder of each class, with files that only look like images among them."""
    names = [rng.choice(("Bag", "Hat", "T-shirt-top", "Shoe")) for _ in range(rng.randrange(2, 6))]
    made = [(_image(rng), rng.choice(("sound", "sound", "bytes", "folder", "link"))) for _ in names]

    def attempt(folder: Path) -> object:
        for place, (name, ((content, _), kind)) in enumerate(zip(names, made, strict=True)):
            file = folder / name / f"{place}.png"
            file.parent.mkdir(exist_ok=True)
            if kind == "folder":
                file.mkdir()
            elif kind == "link":
                file.symlink_to(folder / "nowhere")
            else:
                file.write_bytes(content if kind == "sound" else b"no image")
        return read_labelled_images(folder, _LABELS)

    order = sorted(range(len(names)), key=lambda place: (names[place], f"{place}.png"))
    wanted = [
        (made[place][0][1], _SOUND_LABELS[names[place]])
        if made[place][1] == "sound" and names[place] in _SOUND_LABELS
        else None
        for place in order
    ]
    right = (
        None
        if not any(one is not None for one in wanted)
        else lambda found: _reads_and_reports(found, wanted, _same_pixels)
    )
    return Case(f"a folder {number}", attempt, right)


def _columns_of_labels() -> Iterator[Case]:
    """Columns of labels that say nothing, or several things."""
    for name, labels, values, wanted in (
        ("truth values", _LABELS, [True, False], None),
        ("truth values by name", ("False", "True"), [True, False], [1, 0]),
        ("numbers", _LABELS, [2, 0], [2, 0]),
        ("numbers beyond", _LABELS, [3, -1], None),
        ("huge numbers", _LABELS, [2**62, -(2**62)], None),
        ("fractions", _LABELS, [1.0, 0.0], None),
        ("nothing", _LABELS, pa.array([None, None], pa.string()), None),
        ("bytes", _LABELS, [b"Bag", b"Hat"], None),
        ("lists", _LABELS, [["Bag"], ["Hat"]], None),
        ("twins by name", _TWINS, ["Bag", "Bag"], None),
        ("twins by number", _TWINS, [2, 0], [2, 0]),
        ("names that are other numbers", _COUNTED, [0, 2], None),
        ("names that are numbers", _COUNTED, ["0", "2"], [2, 0]),
        ("a number that is its own name", _COUNTED, [1, 1], [1, 1]),
        ("categories", _LABELS, pa.array(["Hat", "Bag"]).dictionary_encode(), [2, 0]),
    ):
        images = _table(image=[as_file(np.zeros((2, 2), np.uint8))] * 2, label=values)
        texts = _table(text=["a", "b"], label=values)

        def right(found: Any, wanted: list[int] | None = wanted) -> bool:
            return found.labels.tolist() == wanted

        right_or_refused = None if wanted is None else right
        for what, file, read in (
            ("images", images, read_labelled_images),
            ("texts", texts, read_labelled_texts),
        ):
            attempt = _in_file("a.parquet", file, lambda path, read=read, labels=labels: read(path, labels))
            yield Case(f"{what}: labels of {name}", attempt, right_or_refused)


def _values_that_can_not_be() -> Iterator[Case]:
    broken = pa.array([b"a", b"\xff\xfe", b"c"]).view(pa.string())
    images = [as_file(np.full((2, 2), value, np.uint8)) for value in range(3)]
    times = pa.array([0, 2**62, 1], pa.timestamp("us"))
    for name, file, read, rows in (
        ("text", _table(text=broken, label=[0, 1, 2]), lambda path: read_labelled_texts(path, _LABELS), [2]),
        (
            "label",
            _table(text=["a", "b", "c"], label=["Bag", "Hat", "Bag"]),
            lambda path: read_labelled_texts(path, _LABELS),
            [],
        ),
        (
            "label of an image",
            _table(image=images, label=broken),
            lambda path: read_labelled_images(path, ("a", "c")),
            [2],
        ),
        ("text alone", _table(text=broken), read_texts, [2]),
        ("image alone", _table(image=[images[0], None, images[1]]), read_images, [2]),
        (
            "column that is not read",
            _table(text=["a", "b", "c"], label=[0, 1, 2], time=times),
            lambda path: read_labelled_texts(path, _LABELS),
            [],
        ),
        (
            "field",
            _table(
                age=[17, 18, 19], sex=["Male", "Male", "Male"], town=pa.array([b"A", b"\xff", b"A"]).view(pa.string())
            ),
            lambda path: read_people(path, SCHEMA),
            [2],
        ),
        (
            "field of times",
            _table(age=times, sex=["Male"] * 3, town=["A"] * 3),
            lambda path: read_people(path, SCHEMA),
            None,
        ),
    ):
        right = None if rows is None else lambda found, rows=rows: [one.row for one in found.left_out] == rows
        yield Case(f"a value that can't be: {name}", _in_file("a.parquet", file, read), right)


def _damaged(rng: random.Random) -> Iterator[Case]:
    table = _table(image=[as_file(np.zeros((9, 9), np.uint8))] * 9, text=["a"] * 9, label=["Bag"] * 9)
    readers: tuple[tuple[str, Callable[[Path], object]], ...] = (
        ("images", lambda path: read_labelled_images(path, _LABELS)),
        ("images alone", read_images),
        ("texts", lambda path: read_labelled_texts(path, _LABELS)),
        ("texts alone", read_texts),
        ("records", lambda path: read_labelled_records(path, SCHEMA, _LABELS)),
        ("people", lambda path: read_people(path, SCHEMA)),
    )
    for name, read in readers:
        for number in range(5):
            yield Case(f"{name}: cut off {number}", _in_file("a.parquet", table[: rng.randrange(len(table))], read))
        for what, content in (
            ("empty", b""),
            ("bytes", rng.randbytes(300)),
            ("only the marks", b"PAR1PAR1"),
            ("no columns", _table(x=[1])),
            (
                "no rows",
                _table(
                    image=pa.array([], pa.binary()), text=pa.array([], pa.string()), label=pa.array([], pa.string())
                ),
            ),
            ("a column twice", _twice()),
        ):
            yield Case(f"{name}: {what}", _in_file("a.parquet", content, read))
        yield Case(f"{name}: nothing there", lambda folder, read=read: read(folder / "a.parquet"))
        yield Case(f"{name}: a folder in the file's place", lambda folder, read=read: _in_the_way(folder, read))
    for name, content in (
        ("no header", b"a,Bag\nb,Hat\n"),
        ("a name twice", b"text,label,text\na,Bag,b\n"),
        ("UTF-16", "text,label\na,Bag\n".encode("utf-16")),
        ("NUL", b"te\0xt,label\na,Bag\n"),
        ("another delimiter", b"text;label\na;Bag\n"),
    ):
        yield Case(f"CSV: {name}", _in_file("a.csv", content, lambda path: read_labelled_texts(path, _LABELS)))


def _beyond_limits() -> Iterator[Case]:
    image = as_file(np.zeros((30, 30), np.uint8))
    table = _table(image=[image] * 50, text=["a fine film"] * 50, label=["Bag"] * 50)
    for name, limits, read in (
        ("images in all", ("IMAGES", {"pixels_in_all": 2_000}), lambda path: read_labelled_images(path, _LABELS)),
        (
            "images in a file",
            ("TABLES", {"uploaded_rows": 49}),
            lambda path: parse_labelled_images(path.read_bytes(), _LABELS),
        ),
        *(
            (f"{what} {values}", ("TABLES", values), read)
            for values in (
                {"rows": 49},
                {"columns": 2},
                {"unpacked": 300},
                {"values": 49},
                {"bytes": 200},
                {"chunks": 2},
            )
            for what, read in (
                ("images", lambda path: read_labelled_images(path, _LABELS)),
                ("texts", lambda path: read_labelled_texts(path, _LABELS)),
            )
        ),
    ):
        yield Case(f"beyond {name}", _limited(_in_file("a.parquet", table, read), *limits))
    text = b"text,label\n" + b"a,Bag\n" * 50
    for values in ({"rows": 49}, {"columns": 1}, {"csv_bytes": 200}):
        attempt = _in_file("a.csv", text, lambda path: read_labelled_texts(path, _LABELS))
        yield Case(f"beyond CSV {values}", _limited(attempt, "TABLES", values))


def _twice() -> bytes:
    sink = pa.BufferOutputStream()
    columns = [pa.array([b"a"]), pa.array(["a"]), pa.array(["Bag"]), pa.array(["Bag"])]
    pq.write_table(pa.Table.from_arrays(columns, names=["image", "text", "label", "label"]), sink)
    return bytes(sink.getvalue())


def _in_file(name: str, content: bytes, read: Callable[[Path], object]) -> Callable[[Path], object]:
    def attempt(folder: Path) -> object:
        (folder / name).write_bytes(content)
        return read(folder / name)

    return attempt


def _limited(attempt: Callable[[Path], object], table: str, values: dict[str, int]) -> Callable[[Path], object]:
    def limited(folder: Path) -> object:
        with low(table, **values):
            return attempt(folder)

    return limited


def _in_the_way(folder: Path, read: Callable[[Path], object]) -> object:
    (folder / "a.parquet").mkdir()
    return read(folder / "a.parquet")
