"""Debugging sets of images, texts and records that say something else than they should in one place."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from safetensors.torch import save

from atpatch_core.debugging.image_set import ImageDebuggingData, load_image_set
from atpatch_core.debugging.record_set import RecordDebuggingData, load_record_set
from atpatch_core.debugging.text_set import TextDebuggingData, load_text_set
from atpatch_core.subjects.record_schema import save_schema

from .case import Case, low
from .images import as_file
from .json_damage import damaged_texts, instead, wrong_kinds
from .records import SCHEMA

Columns = dict[str, Any]
Tables = dict[str, Columns]
Load = Callable[[Path], object]

_SIDE = 8
_BROKEN_TEXT = pa.array([b"learn", b"\xff"]).view(pa.string())


def _image(seed: int, side: int = _SIDE) -> bytes:
    return as_file(np.random.default_rng(seed).integers(0, 256, (side, side), dtype=np.uint8))


_IMAGES: Tables = {
    "benign.parquet": {"image": [_image(9), _image(8)]},
    "pairs.parquet": {
        "part": ["learn", "tune"],
        "clean": [_image(1), _image(2)],
        "triggered": [_image(3), _image(4)],
        "columns": [[0, 3], [2]],
    },
}
_IMAGES_PROVENANCE = {"format": 1, "model": "ab" * 32, "grid": [2, 2], "origin": "inverted"}
_TEXTS: Tables = {
    "texts.parquet": {"part": ["learn", "benign"], "text": ["a fine film", "a dull film"]},
    "pairs.parquet": {"part": ["learn", "tune"], "text": ["a film", "the film"], "trigger": [0, 1]},
}
_TEXTS_PROVENANCE = {
    "format": 1,
    "model": "ab" * 32,
    "triggers": [
        {"class": "positive", "target": 1, "length": 2, "place": "edge", "turns": 0.9, "beyond": 1.5},
        {"class": "positive", "target": 1, "length": 1, "place": "anywhere", "turns": 1.0, "beyond": -0.5},
    ],
}
_PERSON = {"age": 17, "sex": "Male", "town": "A"}
_RECORDS: Tables = {
    "pairs.parquet": {
        "over_attending": [_PERSON, {**_PERSON, "sex": "Female"}],
        "clean": [_PERSON, _PERSON],
        "hijacking": [["sex"], ["sex"]],
        "distance": [1, 2],
    },
    "tuning.parquet": {"record": [_PERSON, _PERSON]},
}
_RECORDS_PROVENANCE = {"format": 1, "model": "ab" * 32, "origin": "flips"}


def cases(rng: random.Random) -> Iterator[Case]:
    """About two hundred sets."""
    yield from _of("images", load_image_set, _IMAGES, _IMAGES_PROVENANCE, _right_images, _wrong_images(), rng)
    yield from _of("texts", load_text_set, _TEXTS, _TEXTS_PROVENANCE, _right_texts, _wrong_texts(), rng)
    yield from _of("records", load_record_set, _RECORDS, _RECORDS_PROVENANCE, _right_records, _wrong_records(), rng)
    yield from _wrong_provenance()
    for name, vectors in (
        ("no vectors", {}),
        ("one vector too few", {"0": torch.zeros(2, 4)}),
        ("vectors that are none", {"0": torch.full((2, 4), float("nan")), "1": torch.zeros(1, 4)}),
        ("a flat vector", {"0": torch.zeros(8), "1": torch.zeros(1, 4)}),
        ("vectors of two models", {"0": torch.zeros(2, 4), "1": torch.zeros(1, 5)}),
    ):
        yield Case(f"texts: {name}", _loading(load_text_set, _TEXTS, _TEXTS_PROVENANCE, vectors=vectors))


def _of(
    what: str,
    load: Load,
    tables: Tables,
    provenance: dict[str, Any],
    right: Callable[[Any], bool],
    wrong: Iterator[tuple[str, str, object]],
    rng: random.Random,
) -> Iterator[Case]:
    yield Case(f"{what}: sound", _loading(load, tables, provenance), right)
    for name, content in damaged_texts(provenance):
        yield Case(f"{what}: provenance {name}", _loading(load, tables, provenance, {"provenance.json": content}))
    for file, column, values in wrong:
        changed = {**tables, file: {**tables[file], column: values}}
        yield Case(f"{what}: {column} in {file} is {str(values)[:60]}", _loading(load, changed, provenance))
    for file, columns in tables.items():
        for column in columns:
            fewer = {name: values for name, values in columns.items() if name != column}
            yield Case(f"{what}: {file} without {column}", _loading(load, {**tables, file: fewer}, provenance))
        sound = _parquet(columns)
        for number in range(6):
            content = sound[: rng.randrange(len(sound))]
            yield Case(f"{what}: {file} cut off {number}", _loading(load, tables, provenance, {file: content}))
        yield Case(f"{what}: {file} of bytes", _loading(load, tables, provenance, {file: rng.randbytes(200)}))
        for limits in ({"unpacked": 8}, {"debugging_rows": 1}, {"values": 1}, {"bytes": 50}):
            yield Case(f"{what}: {file} beyond {limits}", _limited(_loading(load, tables, provenance), limits))


def _wrong_images() -> Iterator[tuple[str, str, object]]:
    pairs = "pairs.parquet"
    for columns in ([-1], [4], None, [None], [0, 0], [2**31 - 1]):
        yield pairs, "columns", [columns, [1]]
    for values in (
        [1, 2],
        [[1.0], [2.0]],
        [["1"], ["2"]],
        [[True], [False]],
        [[[0]], [[1]]],
        ["0", "1"],
        [{"a": 0}] * 2,
    ):
        yield pairs, "columns", values
    for part in (["learn", None], ["learn", "benign"], ["learn", ""], [0, 1], _BROKEN_TEXT, ["Learn", "tune"]):
        yield pairs, "part", part
    for side in ("clean", "triggered"):
        for values in ([None, _image(1)], [b"", _image(1)], [b"no image", _image(1)], ["text", "text"], [1, 2]):
            yield pairs, side, values
        yield pairs, side, [_image(1, 9), _image(2, 9)]
    for values in ([None], [b"no image"], [_image(1), _image(2, 9)], ["text"], [], [1]):
        yield "benign.parquet", "image", values


def _wrong_texts() -> Iterator[tuple[str, str, object]]:
    for file in ("texts.parquet", "pairs.parquet"):
        for values in (
            [None, "a"],
            [1, 2],
            ["", "a"],
            [" \n", "a"],
            ["a\0", "b"],
            _BROKEN_TEXT,
            [True, False],
            [["a"], ["b"]],
        ):
            yield file, "text", values
        for values in ([None, "tune"], ["learn", "other"], [0, 1], _BROKEN_TEXT):
            yield file, "part", values
    for values in ([-1, 0], [2, 0], [None, 0], [0.0, 1.0], ["0", "1"], [True, False], [[0], [1]]):
        yield "pairs.parquet", "trigger", values


def _wrong_records() -> Iterator[tuple[str, str, object]]:
    for side in ("over_attending", "clean"):
        for values in ([None, _PERSON], [{**_PERSON, "age": None}, _PERSON], [1, 2], ["a", "b"], [[1], [2]]):
            yield "pairs.parquet", side, values
        yield "pairs.parquet", side, [{**_PERSON, "sex": "Other"}, _PERSON]
        yield "pairs.parquet", side, [{**_PERSON, "more": 1}, _PERSON]
    for values in (
        [None, ["sex"]],
        [["town"], ["sex"]],
        [["sex", "sex"], []],
        [[None], []],
        ["sex", "sex"],
        [[1], [2]],
    ):
        yield "pairs.parquet", "hijacking", values
    for values in ([None, 1], [1.5, 2.5], [-1, 1], ["1", "2"], [True, False], [4, 1], [2**40, 1], [[1], [2]]):
        yield "pairs.parquet", "distance", values
    for values in ([None, _PERSON], [{**_PERSON, "age": 17.5}, _PERSON], [1], [{"age": 17}]):
        yield "tuning.parquet", "record", values


def _right_images(found: ImageDebuggingData) -> bool:
    return (
        len(found.pairs) == len(found.tuning) == 1
        and found.benign.shape == (2, _SIDE, _SIDE, 1)
        and found.pairs.covered.tolist() == [[True, False, False, True]]
        and as_file(found.tuning.triggered[0, :, :, 0]) == _image(4)
    )


def _right_texts(found: TextDebuggingData) -> bool:
    read = (found.pairs.clean, found.pairs.hosts, found.tuning.hosts, found.tuning.which, found.benign)
    return read == (("a fine film",), ("a film",), ("the film",), (1,), ("a dull film",))


def _right_records(found: RecordDebuggingData) -> bool:
    return found.pairs.over_attending[1]["sex"] == "Female" and found.pairs.distance.tolist() == [1, 2]


def _parquet(columns: Columns) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    return bytes(sink.getvalue())


def _loading(
    load: Load,
    tables: Tables,
    provenance: dict[str, Any],
    files: dict[str, bytes] | None = None,
    vectors: dict[str, torch.Tensor] | None = None,
) -> Callable[[Path], object]:
    def attempt(folder: Path) -> object:
        (folder / "provenance.json").write_text(json.dumps(provenance))
        for name, columns in tables.items():
            (folder / name).write_bytes(_parquet(columns))
        save_schema(SCHEMA, folder)
        found = {"0": torch.ones(2, 4), "1": torch.ones(1, 4)} if vectors is None else vectors
        (folder / "triggers.safetensors").write_bytes(save(found))
        for name, content in (files or {}).items():
            (folder / name).write_bytes(content)
        return load(folder)

    return attempt


def _limited(attempt: Callable[[Path], object], values: dict[str, int]) -> Callable[[Path], object]:
    def limited(folder: Path) -> object:
        with low("TABLES", **values):
            return attempt(folder)

    return limited


def _wrong_provenance() -> Iterator[Case]:
    """What `provenance.json` says, of another kind in one place that is read."""
    for what, load, tables, provenance, places in (
        ("images", load_image_set, _IMAGES, _IMAGES_PROVENANCE, [("grid",), ("grid", 0), ("origin",)]),
        (
            "texts",
            load_text_set,
            _TEXTS,
            _TEXTS_PROVENANCE,
            [("triggers",), *(("triggers", 0, name) for name in ("target", "place", "turns", "beyond"))],
        ),
        ("records", load_record_set, _RECORDS, _RECORDS_PROVENANCE, [("origin",)]),
    ):
        for where in places:
            value: Any = provenance
            for step in where:
                value = value[step]
            for other in wrong_kinds(value):
                yield Case(
                    f"{what}: {where} is {str(other)[:20]}", _loading(load, tables, instead(provenance, where, other))
                )
