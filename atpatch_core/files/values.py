"""Values of JSON that must be what they are meant to be: no text or truth value passes for a number."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from .damaged import DamagedError


def whole(value: object, least: int = 0, most: int = 2**53) -> int:
    """Check that a value from outside is a whole number.

    Args:
        value: anything.
        least: the smallest number allowed; 0 by default.
        most: the largest number allowed; by default the largest that a float holds exactly.

    Raises:
        DamagedError: it is not.

    Example:
        >>> whole(3, least=1)
        3
        >>> whole(3.5)
        Traceback (most recent call last):
        atpatch_core.files.damaged.DamagedError: 3.5 is no whole number from 0 to 9007199254740992.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise DamagedError(f"{shown(value)} is no whole number from {least} to {most}.")
    return value


def number(value: object, least: float = -math.inf, most: float = math.inf) -> float:
    """Check that a value from outside is a finite number.

    Args:
        value: anything.
        least: the smallest number allowed; any by default.
        most: the largest number allowed; any by default.

    Raises:
        DamagedError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DamagedError(f"{shown(value)} is no number.")
    try:
        found = float(value)
    except OverflowError:
        raise DamagedError(f"{shown(value)} is too large.") from None
    if not math.isfinite(found) or not least <= found <= most:
        raise DamagedError(f"{shown(value)} is no number from {least:g} to {most:g}.")
    return found


def text(value: object, longest: int, least: int = 0) -> str:
    """Check that a value from outside is a text.

    Args:
        value: anything.
        longest: the most characters allowed.
        least: the fewest characters allowed; 0 by default.

    Raises:
        DamagedError: it is not.
    """
    if not isinstance(value, str) or not least <= len(value) <= longest:
        raise DamagedError(f"{shown(value)} is no text of {least} to {longest:,} characters.")
    return value


def listed(value: object, most: int) -> Sequence[Any]:
    """Check that a value from outside is a list of at most `most` values.

    Raises:
        DamagedError: it is not.
    """
    if not isinstance(value, list | tuple) or len(value) > most:
        raise DamagedError(f"{shown(value)} is no list of at most {most:,} values.")
    return value


def mapping(value: object, most: int) -> Mapping[str, Any]:
    """Check that a value from outside is an object of at most `most` fields.

    Raises:
        DamagedError: it is not.
    """
    if not isinstance(value, Mapping) or len(value) > most:
        raise DamagedError(f"{shown(value)} is no object of at most {most:,} fields.")
    return value


def shown(value: object, longest: int = 40) -> str:
    """A value for a sentence: on one line, printable, and short."""
    if isinstance(value, str):
        words = f"\u201c{value[: longest + 1]}\u201d"
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**40:
        words = "a very large number"
    elif value is None or isinstance(value, bool | int | float):
        words = str(value)
    else:
        words = f"a value of the type {type(value).__name__}"
    cut = words if len(words) <= longest + 2 else words[:longest] + "\u2026\u201d"
    return printable(cut)


def printable(words: str) -> str:
    """Text from outside for a sentence: what can't be printed is replaced."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in words)
