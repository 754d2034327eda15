"""The redistributed columns: why each one is, and put together by what they stand for where they are many."""

from __future__ import annotations

from dataclasses import dataclass

from ..column import Column
from ..inspection.results import Flags, Inspection
from ..wording.phrases import unique

MOST_ROWS = 12  # columns beyond which a list of them says less than one of the parts of the input


@dataclass(frozen=True)
class RedistributedPart:
    """A part of the input, and the heads in which its column is redistributed.

    Attributes:
        name: of the part.
        places: (layer, heads) for each layer where it is.
        highest: its highest score there; `None` if no detector watches any of those layers.
    """

    name: str
    places: tuple[tuple[int, tuple[int, ...]], ...]
    highest: float | None

    @property
    def heads(self) -> int:
        """In how many heads of all layers."""
        return sum(len(heads) for _, heads in self.places)

    @property
    def layers(self) -> int:
        """In how many layers."""
        return len(self.places)


def why_redistributed(flags: Flags, column: Column) -> str:
    """Why this column of `flags.columns` is redistributed, in words that end a line."""
    if flags.reaches(column):
        return "flagged"
    return "follows a flagged one" if column in flags.followed else "chosen by hand"


def redistributed_parts(inspection: Inspection) -> tuple[RedistributedPart, ...]:
    """The parts of the input that any head redistributes, in their order in the input.

    Example:
        >>> import atpatch_core as atpatch
        >>> from pathlib import Path
        >>> subject = atpatch.load("sample_models/fashion-vit-badnets")
        >>> image = subject.read(Path("assets/samples/bag-triggered.png").read_bytes())
        >>> [(part.name, part.places) for part in redistributed_parts(atpatch.inspect(subject, image))]
        [('row 6, column 6', ((0, (0, 1)),))]
    """
    names = unique(inspection.layout.key_names)
    by_key: dict[int, list[Column]] = {}
    for column in inspection.flags.columns:
        by_key.setdefault(column.key, []).append(column)
    return tuple(_part(names[key], inspection.flags, by_key[key]) for key in sorted(by_key))


def _part(name: str, flags: Flags, columns: list[Column]) -> RedistributedPart:
    heads: dict[int, list[int]] = {}
    for column in columns:
        heads.setdefault(column.layer, []).append(column.head)
    known = [score for score in (flags.score(column) for column in columns) if score is not None]
    places = tuple((layer, tuple(sorted(some))) for layer, some in sorted(heads.items()))
    return RedistributedPart(name, places, max(known, default=None))
