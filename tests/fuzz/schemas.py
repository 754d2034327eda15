"""A model's `records.json`: damaged as a whole, or of another kind or size in one place."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from atpatch_core.subjects.record_schema import FILE, RecordSchema, load_schema

from .case import Case, equal, low
from .json_damage import damaged_texts, instead, places, without, wrong_kinds
from .records import SCHEMA

SOUND: dict[str, Any] = {
    "format": 1,
    "positive_label": "yes",
    "protected": {"sex": ["Male"]},
    "fields": [
        {"kind": "number", "name": "age", "minimum": -5, "maximum": 10**15, "edges": [30, 50], "typical": 40},
        {"kind": "category", "name": "sex", "categories": ["Female", "Male"], "typical": "Male"},
        {
            "kind": "category",
            "name": "town",
            "categories": ["A", "B, C", "\u4f60\u597d", 'the "Q"', "1"],
            "typical": "A",
        },
    ],
}


def cases(rng: random.Random) -> Iterator[Case]:
    """About two hundred and fifty schemas."""
    yield Case("sound", _loading(json.dumps(SOUND).encode()), equal(SCHEMA))
    for name, content in damaged_texts(SOUND):
        yield Case(name, _loading(content))
    for where, value in places(SOUND):
        for other in wrong_kinds(value):
            yield Case(
                f"{where} is {str(other)[:20]}", _loading(_text(instead(SOUND, where, other))), *_right(where, other)
            )
        if where and isinstance(where[-1], str) and where[0] != "protected":
            yield Case(f"without {where}", _loading(_text(without(SOUND, where))))
    for name, schema in _contradictions():
        yield Case(name, _loading(_text(schema)))
    for number in range(20):
        text = bytearray(_text(SOUND))
        text[rng.randrange(len(text))] = rng.choice(b"\x00\xff\x80\x1f")
        yield Case(f"injured {number}", _loading(bytes(text)))
    for table, limit in (("fields", 2), ("categories", 3), ("characters", 3)):
        yield Case(f"beyond {table}", _limited(_text(SOUND), table, limit))
    yield Case("no file", load_schema)


def _right(where: tuple[str | int, ...], other: object) -> tuple[Callable[[Any], bool] | None]:
    """Nothing need be protected, and a field may have no edges."""
    if (where, other) in ((("protected",), {}), (("fields", 0, "edges"), [])):
        return (lambda found: isinstance(found, RecordSchema),)
    return (None,)


def _contradictions() -> Iterator[tuple[str, Any]]:
    for where, other in (
        (("format",), 2),
        (("format",), 1.0),
        (("protected",), {"age": ["Male"]}),
        (("protected",), {"wage": ["Male"]}),
        (("protected", "sex"), ["Male", "Female"]),
        (("protected", "sex"), ["Other"]),
        (("protected", "sex"), []),
        (("fields",), []),
        (("fields", 0, "minimum"), 41),
        (("fields", 0, "maximum"), 39),
        (("fields", 0, "edges"), [50, 30]),
        (("fields", 0, "edges"), [30, 30]),
        (("fields", 0, "edges"), [30.0]),
        (("fields", 0, "kind"), "colour"),
        (("fields", 1, "name"), "age"),
        (("fields", 1, "typical"), "Other"),
        (("fields", 1, "categories"), ["Male", "Male"]),
        (("fields", 1, "categories"), []),
    ):
        yield f"{where} is {other}", instead(SOUND, where, other)


def _text(value: object) -> bytes:
    return json.dumps(value).encode()


def _loading(content: bytes) -> Callable[[Path], object]:
    def attempt(folder: Path) -> object:
        (folder / FILE).write_bytes(content)
        return load_schema(folder)

    return attempt


def _limited(content: bytes, limit: str, most: int) -> Callable[[Path], object]:
    def attempt(folder: Path) -> object:
        with low("RECORDS", **{limit: most}):
            return _loading(content)(folder)

    return attempt
