"""Check what a program passes to the library: each mistake gets one sentence that says what is expected."""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Iterable
from numbers import Real
from operator import index
from pathlib import Path
from typing import Any

from .column import Column
from .errors import DetectorError, InputError, SubjectError

_NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ELOOP)


def checked_threshold(threshold: Any) -> float | None:
    """Check a threshold that a program passes.

    Args:
        threshold: anything.

    Returns:
        A float from 0 up, which may be infinity, or `None` for `None`.

    Raises:
        DetectorError: it is neither.

    Example:
        >>> checked_threshold(1), checked_threshold(None)
        (1.0, None)
    """
    if threshold is None:
        return None
    if isinstance(threshold, Real) and not isinstance(threshold, bool):
        try:
            number = float(threshold)
        except OverflowError:
            number = math.nan
        if number >= 0:
            return number
    raise DetectorError(f"A threshold is a number from 0 up, not {_shown(threshold)}.")


def checked_rows(rows: Any) -> int | None:
    """Check how many trials a program allows.

    Args:
        rows: anything; `None` stands for the detector's own number.

    Raises:
        InputError: it is not a whole number from 0 up.
    """
    if rows is None:
        return None
    if (number := _from_zero(rows)) is None:
        raise InputError(f"follow_rows is a whole number from 0 up, not {_shown(rows)}.")
    return number


def checked_columns(columns: Any) -> tuple[Column, ...]:
    """Check columns that a program passes.

    Args:
        columns: anything.

    Returns:
        The columns as a tuple.

    Raises:
        InputError: it is not a sequence of `Column` with whole numbers from 0 up.
    """
    if isinstance(columns, Column) or not isinstance(columns, Iterable):
        raise InputError(f"Give a list of columns, as in [Column(layer, head, key)], not {_shown(columns)}.")
    return tuple(_checked_column(column) for column in columns)


def _checked_column(column: Any) -> Column:
    if not isinstance(column, Column):
        raise InputError(f"A column is written Column(layer, head, key), not {_shown(column)}.")
    numbers = []
    for name in ("layer", "head", "key"):
        value = getattr(column, name)
        if (number := _from_zero(value)) is None:
            raise InputError(f"The {name} of a column is a whole number from 0 up, not {_shown(value)}.")
        numbers.append(number)
    return Column(*numbers)


def _from_zero(value: Any) -> int | None:
    """A whole number from 0 up; `None` for anything else, `True` and `False` among it."""
    try:
        number = -1 if isinstance(value, bool) else index(value)
    except TypeError:
        return None
    return number if number >= 0 else None


def checked_folder(folder: Any) -> Path:
    """Check the name of a folder that a program passes; the folder need not exist.

    Args:
        folder: anything.

    Raises:
        SubjectError: it can't be the name of a folder.
    """
    if not isinstance(folder, str | Path):
        raise SubjectError(f"A folder is named by a text or a Path, not by {_shown(folder)}.")
    try:
        os.stat(folder)
    except (OSError, ValueError) as error:
        # A folder could be called so where none is; nothing can with a longer name, or with a NUL in it.
        if getattr(error, "errno", None) not in _NOT_THERE:
            raise SubjectError(f"No folder can be called {_shown(str(folder))}: name one that is there.") from error
    return Path(folder)


def _shown(value: Any) -> str:
    """A value as a program writes it, cut where it would fill the sentence."""
    try:
        shown = repr(value)
    except Exception:  # whatever an object's own code may raise, e.g. for a number of too many digits
        return f"this {type(value).__name__}"
    return shown if len(shown) <= 60 else f"{shown[:60]}…"
