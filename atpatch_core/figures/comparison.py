"""Two views side by side: what differs in the answer, in the columns, and in one map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..column import Column
from ..inspection.results import Flags, Inspection
from ..wording.phrases import counted, percent
from ..wording.verdict import answer, column_name
from .map_detail import MapDetail, map_detail
from .plotting import go

_TITLES = ("Reference", "This view", "Difference (this \u2212 reference)")


@dataclass(frozen=True)
class ColumnShift:
    """A column that draws another share of all attention than in the reference.

    Attributes:
        column: the column.
        name: its name in words.
        reference: its mean over the queries in the reference, 0 to 1.
        now: its mean over the queries in this view, 0 to 1.
    """

    column: Column
    name: str
    reference: float
    now: float

    @property
    def change(self) -> str:
        """ "1.5 % \u2192 5.5 %"."""
        return f"{percent(self.reference)} \u2192 {percent(self.now)}"


def comparable(reference: Inspection, now: Inspection) -> bool:
    """Whether two views have the same columns in the same layers and heads, so that their maps can be subtracted."""
    shapes = [[layer.shape for layer in inspection.original.trace.maps] for inspection in (reference, now)]
    return shapes[0] == shapes[1] and reference.layout.key_names == now.layout.key_names


def comparison_sentence(reference: Inspection, now: Inspection, patched: bool) -> str:
    """What is different between two views, in words.

    Args:
        reference: what was found before.
        now: what was found in this view.
        patched: whether to speak of the answers with AtPatch.
    """
    first, second = (inspection.patched if patched else inspection.original for inspection in (reference, now))
    how = "with AtPatch" if patched else "without AtPatch"
    flagged = [counted(len(inspection.flags.columns), "column") for inspection in (reference, now)]
    if first.prediction.index == second.prediction.index and first.prediction.labels == second.prediction.labels:
        text = (
            f"Both answer {first.prediction.label} {how} ({percent(first.prediction.confidence)} in the reference, "
            f"{percent(second.prediction.confidence)} here)."
        )
    else:
        text = f"The reference answers {answer(first.prediction)}, this one {answer(second.prediction)} {how}."
    return f"{text} Redistributed: {flagged[0]} in the reference, {flagged[1]} here."


def largest_shifts(reference: Inspection, now: Inspection, most: int = 5) -> tuple[ColumnShift, ...]:
    """The columns whose share of attention differs most, in either direction, in the untouched models.

    Args:
        reference: what was found before; must be `comparable`.
        now: what was found in this view.
        most: the most columns to show; 5 by default.
    """
    shifts = []
    for layer, (first, other) in enumerate(zip(reference.original.trace.maps, now.original.trace.maps, strict=True)):
        before, after = first.mean(1), other.mean(1)
        count = min(most, before.numel())
        for place in (after - before).abs().flatten().topk(count).indices.tolist():
            head, key = divmod(place, before.shape[1])
            column = Column(layer, head, key)
            name = column_name(column, now.layout)
            shifts.append(ColumnShift(column, name, float(before[head, key]), float(after[head, key])))
    return tuple(sorted(shifts, key=lambda shift: -abs(shift.now - shift.reference))[:most])


def compared_maps(
    reference: Inspection, now: Inspection, layer: int, head: int, patched: bool, hide_special: bool = False
) -> MapDetail:
    """The same map of two views on one colour scale, and their difference, with what is redistributed in this view
    marked.

    Args:
        reference: what was found before; must be `comparable`.
        now: what was found in this view.
        layer: number of the layer.
        head: number of the head.
        patched: whether to take the maps with AtPatch.
        hide_special: whether to leave out what the model itself added, as query and as key.
    """
    first, second = (inspection.patched if patched else inspection.original for inspection in (reference, now))
    detail = map_detail(Inspection(first, second, now.flags, now.layout), layer, head, hide_special)
    for title, figure in zip(_TITLES, _figures(detail), strict=True):
        figure.update_layout(title={"text": title})
        figure.update_traces(
            hovertemplate="from (query): %{y}<br>to (key): %{x}<br>"
            "reference %{customdata[0]:.4f}, here %{customdata[1]:.4f}<extra></extra>"
        )
    return detail


def maps_apart(
    inspections: Sequence[Inspection], layer: int, head: int, patched: bool, titles: Sequence[str]
) -> tuple[go.Figure, ...]:
    """One map of each view on one colour scale, for views whose columns can't be compared one by one.

    Args:
        inspections: the views.
        layer: number of the layer.
        head: number of the head.
        patched: whether to take the maps with AtPatch.
        titles: one for each view.
    """
    figures = tuple(
        _single_map(inspection, layer, head, patched, title)
        for inspection, title in zip(inspections, titles, strict=True)
    )
    highest = max(figure.data[0].zmax for figure in figures)
    for figure in figures:
        figure.data[0].zmax = highest
    return figures


def _single_map(inspection: Inspection, layer: int, head: int, patched: bool, title: str) -> go.Figure:
    shown = inspection.patched if patched else inspection.original
    flags: Flags = inspection.flags
    figure = map_detail(replace(inspection, original=shown, patched=shown, flags=flags), layer, head).original
    figure.update_layout(title={"text": title})
    return figure


def _figures(detail: MapDetail) -> Sequence[go.Figure]:
    return detail.original, detail.redistributed, detail.difference
