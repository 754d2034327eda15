"""The rows of a file that are sound, beside what is wrong with each of the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class LeftOut:
    """A row that can't be used.

    Attributes:
        row: its number, counted from 1, below a header and without blank lines.
        reason: why, as a whole sentence.
    """

    row: int
    reason: str


class Kept(list[T]):
    """What was read, in order; `left_out` says which rows were not, and why."""

    def __init__(self, values: Iterable[T] = (), left_out: Sequence[LeftOut] = ()) -> None:
        super().__init__(values)
        self.left_out = tuple(left_out)

    @property
    def rows(self) -> list[int]:
        """The row that each value comes from."""
        others = {left.row for left in self.left_out}
        return [row for row in range(1, len(self) + len(others) + 1) if row not in others]


def none_is_sound(left_out: Sequence[LeftOut]) -> str:
    """The sentence for a file without any sound row, which gives the first reason."""
    first = left_out[0].reason
    others = len(left_out) - 1
    if not others:
        return first
    return f"{first} The {others:,} other row{'s' if others > 1 else ''} can't be used either."


def summary(left_out: Sequence[LeftOut], kept: int, most: int) -> str:
    """How many rows were left out of how many, and why.

    Args:
        left_out: the rows that were left out.
        kept: how many rows were kept.
        most: of how many rows the reasons are given.

    Returns:
        Sentences; empty if no row was left out.
    """
    if not left_out:
        return ""
    count, all_rows = len(left_out), len(left_out) + kept
    rows = "1 row was" if count == 1 else f"{count:,} rows were"
    reasons = " ".join(left.reason for left in left_out[:most])
    more = f" And {count - most:,} more." if count > most else ""
    return f"{rows} left out of {all_rows:,}: {reasons}{more}"
