"""JSON that says something else than it should in one place, and texts that are no sound JSON at all."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]

# What stands where something of another kind belongs.
NOT_A_NUMBER: tuple[object, ...] = (None, True, "17", "", [], [1], {}, float("inf"), float("nan"), 10**90)
NOT_A_TEXT: tuple[object, ...] = (None, True, 5, 1.5, [], ["a"], {}, "x" * 20_000)
NOT_A_LIST: tuple[object, ...] = (None, True, 5, "text", {}, {"a": 1})
NOT_AN_OBJECT: tuple[object, ...] = (None, True, 5, "text", [], [1])


def damaged_texts(sound: object) -> Iterator[tuple[str, bytes]]:
    """Ways in which a whole JSON file can be wrong, by name."""
    text = json.dumps(sound)
    yield "empty", b""
    yield "cut off", text[: len(text) // 2].encode()
    yield "too deep in lists", b"[" * 50_000
    yield "too deep in objects", b'{"a":' * 50_000
    yield "deep and closed", b"[" * 5_000 + b"]" * 5_000
    yield "deep inside", text.encode()[:-1] + b', "history": ' + b"[" * 2_000 + b"]" * 2_000 + b"}"
    yield "UTF-16", text.encode("utf-16")
    yield "Latin-1", text.encode()[:-1] + b', "\xe9": 1}'
    yield "not JSON", b"<html></html>"
    yield "two values", (text + text).encode()
    yield "a NUL", text.encode() + b"\0"
    yield "half a character", b'{"a": "\\ud83d"}'
    yield "a huge number", b'{"format": ' + b"9" * 6_000 + b"}"
    yield "another value", b"17"
    yield "a text", b'"text"'
    if isinstance(sound, dict) and sound:
        name = next(iter(sound))
        yield "a field twice", text.encode()[:-1] + f", {json.dumps(name)}: {json.dumps(sound[name])}}}".encode()


def places(value: object, here: Path = ()) -> Iterator[tuple[Path, object]]:
    """Every place in a value of JSON, the value itself included."""
    yield here, value
    if isinstance(value, dict):
        for name, one in value.items():
            yield from places(one, (*here, name))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from places(one, (*here, number))


def instead(value: object, where: Path, other: object) -> Any:
    """A copy with another value in one place."""
    if not where:
        return other
    made: Any = copy.deepcopy(value)
    inner = made
    for step in where[:-1]:
        inner = inner[step]
    inner[where[-1]] = other
    return made


def without(value: object, where: Path) -> Any:
    """A copy that lacks the field or entry in one place."""
    made: Any = copy.deepcopy(value)
    inner = made
    for step in where[:-1]:
        inner = inner[step]
    del inner[where[-1]]
    return made


def wrong_kinds(value: object) -> tuple[object, ...]:
    """Values of another kind than this one."""
    if isinstance(value, bool):
        return (None, 5, "yes", [], {})
    if isinstance(value, int | float):
        return NOT_A_NUMBER
    if isinstance(value, str):
        return NOT_A_TEXT
    return NOT_A_LIST if isinstance(value, list) else NOT_AN_OBJECT
