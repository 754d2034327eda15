"""The redistributed columns: why each one is, and put together by what they stand for where they are many."""

from __future__ import annotations

from dataclasses import dataclass

from ..inspection import Column, Flags, Inspection
from .wording import unique

MOST_ROWS = 12  # columns beyond which a list of them says less than one of the parts of the input


@dataclass(frozen=True)
class RedistributedPart:
    """A part of the input, in how many `heads` of how many `layers` its column is redistributed, and its `highest`
    score there, which is `None` if no detector watches any of those layers.
    """

    name: str
    heads: int
    layers: int
    highest: float | None


def why_redistributed(flags: Flags, column: Column) -> str:
    """Why this column of `flags.columns` is redistributed, in words that end a line."""
    if flags.reaches(column):
        return "flagged"
    return "follows a flagged one" if column in flags.followed else "chosen by hand"


def redistributed_parts(inspection: Inspection) -> tuple[RedistributedPart, ...]:
    """The parts of the input that any head redistributes, in their order in the input."""
    names = unique(inspection.layout.key_names)
    columns = inspection.flags.columns
    return tuple(
        _part(names[key], inspection.flags, [one for one in columns if one.key == key])
        for key in sorted({one.key for one in columns})
    )


def _part(name: str, flags: Flags, columns: list[Column]) -> RedistributedPart:
    known = [score for score in (flags.score(one) for one in columns) if score is not None]
    return RedistributedPart(name, len(columns), len({one.layer for one in columns}), max(known, default=None))
