"""The numbers of one attention map, before and after, with the names of its columns: what every detail figure shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..column import Column
from ..inspection.results import Inspection
from ..layout import Layout
from ..wording.phrases import unique
from ..wording.verdict import split_columns

TITLES = ("Original", "Redistributed", "Difference (redistributed \u2212 original)")
_MOST_ROWS = 8  # of patches, with a tick on an axis
_MOST_NAMES = 32  # of columns on an axis
_LONGEST_TICK = 12  # characters


@dataclass(frozen=True)
class MapValues:
    """The numbers of one map, and what a figure writes beside them.

    Attributes:
        before: the map without AtPatch, float32 `[queries, keys]`.
        after: the map with AtPatch, float32 `[queries, keys]`.
        names: a name for each column, no two alike.
        ticks: places and texts of the names that an axis has room for.
        marked: for each redistributed column, by its place, why it is ("flagged", "chosen by hand").
    """

    before: np.ndarray
    after: np.ndarray
    names: tuple[str, ...]
    ticks: tuple[list[int], list[str]]
    marked: Mapping[int, str]

    @property
    def strongest(self) -> float:
        """The most attention in either map, for a scale that both share."""
        return float(max(self.before.max(initial=0.0), self.after.max(initial=0.0))) or 1.0

    @property
    def largest_change(self) -> float:
        """The largest difference in either direction."""
        return float(np.abs(self.after - self.before).max(initial=0.0)) or self.strongest


def map_values(inspection: Inspection, layer: int, head: int, hide_special: bool = False) -> MapValues:
    """The numbers of the map of one head.

    Args:
        inspection: what was found in an input.
        layer: number of the layer.
        head: number of the head.
        hide_special: whether to leave out what the model itself added, as query and as key.
    """
    layout = inspection.layout
    before, after = (
        passed.trace.maps[layer][head].detach().cpu().float().numpy()
        for passed in (inspection.original, inspection.patched)
    )
    shown = [key for key in range(before.shape[1]) if not (hide_special and layout.special[key])]
    if before.shape[0] == before.shape[1]:
        before, after = before[shown], after[shown]
    # An axis would merge columns of the same name.
    every_name = unique(layout.key_names)
    return MapValues(
        before[:, shown],
        after[:, shown],
        tuple(every_name[key] for key in shown),
        _ticks(layout, shown),
        _marked(inspection, layer, head, shown),
    )


def _ticks(layout: Layout, keys: Sequence[int]) -> tuple[list[int], list[str]]:
    """Places and texts of a few ticks: the start of each row of patches, or evenly spread names."""
    if layout.grid is None:
        places = list(range(0, len(keys), max(1, -(-len(keys) // _MOST_NAMES))))
        return places, [_short(layout.key_names[keys[place]]) for place in places]
    rows, columns = layout.grid
    first = sum(layout.special)
    step = -(-rows // _MOST_ROWS)
    starts = {first + row * columns: row for row in range(0, rows, step)}
    places = [place for place, key in enumerate(keys) if key in starts]
    return places, [f"row {starts[keys[place]]}" for place in places]


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_TICK else name[: _LONGEST_TICK - 1] + "\u2026"


def _marked(inspection: Inspection, layer: int, head: int, shown: Sequence[int]) -> dict[int, str]:
    detected, chosen = split_columns(inspection.flags)
    why = {column: word for columns, word in ((detected, "flagged"), (chosen, "chosen by hand")) for column in columns}
    places = {place: why.get(Column(layer, head, key)) for place, key in enumerate(shown)}
    return {place: word for place, word in places.items() if word is not None}
