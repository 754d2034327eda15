"""JSON from outside: nesting, fields and numbers within limits, no name twice, no half characters."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .. import limits
from .content import read_bytes
from .damaged import DamagedError, OversizeError

Pairs = list[tuple[str, Any]]
# Strings, which may hold brackets. Possessive: a damaged one is not tried again from every place in it.
_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_OPENING, _CLOSING = np.frombuffer(b"[{", np.uint8), np.frombuffer(b"]}", np.uint8)
_BRACES = np.frombuffer(b"{}", np.uint8)
_HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")


def read_json(path: Path) -> Any:
    """The value in a JSON file that this project wrote, as `parse_json` returns it.

    Raises:
        DamagedError: it is not sound JSON, or too large.
        OSError: it can't be read.
    """
    return parse_json(read_bytes(path, limits.JSON.bytes))


def read_object(path: Path) -> dict[str, Any]:
    """The object in a JSON file that this project wrote.

    Raises:
        DamagedError: it is not sound JSON, holds another value than an object, or is too large.
        OSError: it can't be read.
    """
    value = read_json(path)
    if not isinstance(value, dict):
        raise DamagedError("The file holds no JSON object: write it again.")
    return value


def parse_json(
    content: bytes | str,
    on_object: Callable[[Pairs], Any] | None = None,
    on_constant: Callable[[str], Any] | None = None,
) -> Any:
    """Parse JSON in UTF-8, within `limits.JSON`.

    Args:
        content: the JSON.
        on_object: makes a value of the fields of an object, given as (name, value) pairs; by default a dict.
        on_constant: makes a value of "NaN", "Infinity" and "-Infinity"; by default numbers.

    Raises:
        DamagedError: it is not JSON, is nested too deep, names a field of an object twice, or holds half a character.

    Example:
        >>> parse_json(b'{"threshold": 0.5, "layers": [0, 3]}')
        {'threshold': 0.5, 'layers': [0, 3]}
    """
    try:
        text = content if isinstance(content, str) else content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DamagedError("The file is not text in UTF-8: save it again.") from None
    _check_size(text)
    try:
        value = json.loads(
            text, object_pairs_hook=on_object or only_once, parse_int=_whole_number, parse_constant=on_constant
        )
        if _HALF_CHARACTER.search(text):
            json.dumps(value, ensure_ascii=False, default=str).encode()
    except DamagedError:
        raise
    except (ValueError, RecursionError):
        raise DamagedError("The file is no sound JSON: save it again.") from None
    return value


def only_once(pairs: Pairs) -> dict[str, Any]:
    """The fields of an object as a dict.

    Raises:
        DamagedError: a field is named twice, or there are too many.
    """
    if len(pairs) > limits.JSON.fields:
        raise OversizeError(f"An object in it has more than {limits.JSON.fields:,} fields: leave some out.")
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise DamagedError("An object in it names a field twice: keep one of them.")
    return fields


def _check_size(text: str) -> None:
    """Raise `DamagedError` for JSON that is nested too deep or holds too much, as its marks outside of texts tell."""
    marks = np.frombuffer(_STRINGS.sub(b"", text.encode("utf-8", "surrogatepass")), dtype=np.uint8)
    opening, closing = np.isin(marks, _OPENING), np.isin(marks, _CLOSING)
    depth = np.cumsum(opening.astype(np.int8) - closing.astype(np.int8), dtype=np.int32)
    if depth.max(initial=0) > limits.JSON.nesting:
        raise DamagedError(f"It is nested more than {limits.JSON.nesting} deep: save it again.")
    if int((marks == ord(",")).sum()) > limits.JSON.values:
        raise OversizeError(f"It holds more than {limits.JSON.values:,} values: cut it into smaller ones.")
    # The fields between two braces belong to one object; one with too many is not even made.
    colons = np.cumsum(marks == ord(":"))
    if np.diff(colons[np.isin(marks, _BRACES)], prepend=0, append=colons[-1:]).max(initial=0) > limits.JSON.fields:
        raise OversizeError(f"An object in it has more than {limits.JSON.fields:,} fields: leave some out.")


def _whole_number(text: str) -> int:
    if len(text) > limits.JSON.digits:
        raise DamagedError(f"A number in it has more than {limits.JSON.digits} digits: write a smaller one.")
    return int(text)
