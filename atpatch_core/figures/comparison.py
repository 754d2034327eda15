"""Two views side by side: what differs in the answer, in the columns, and in one map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..inspection import Column, Flags, Inspection
from .map_detail import MapDetail, map_detail
from .plotting import go
from .verdict import answer, column_name
from .wording import counted, percent

_TITLES = ("Reference", "This view", "Difference (this \u2212 reference)")


@dataclass(frozen=True)
class ColumnShift:
    """A column that draws another share of all attention than in the reference (mean over queries, 0 to 1)."""

    column: Column
    name: str
    reference: float
    now: float

    @property
    def change(self) -> str:
        """ "1.5 % \u2192 5.5 %"."""
        return f"{percent(self.reference)} \u2192 {percent(self.now)}"


def comparable(reference: Inspection, now: Inspection) -> bool:
    """Whether both have the same columns in the same layers and heads, so that one map can be taken from the other."""
    shapes = [[layer.shape for layer in one.original.trace.maps] for one in (reference, now)]
    return shapes[0] == shapes[1] and reference.layout.key_names == now.layout.key_names


def comparison_sentence(reference: Inspection, now: Inspection, patched: bool) -> str:
    """What is different, in words; `patched` says which answers to speak of."""
    first, second = (one.patched if patched else one.original for one in (reference, now))
    how = "with AtPatch" if patched else "without AtPatch"
    flagged = [counted(len(one.flags.columns), "column") for one in (reference, now)]
    if first.prediction.index == second.prediction.index and first.prediction.labels == second.prediction.labels:
        text = (
            f"Both answer {first.prediction.label} {how} ({percent(first.prediction.confidence)} in the reference, "
            f"{percent(second.prediction.confidence)} here)."
        )
    else:
        text = f"The reference answers {answer(first.prediction)}, this one {answer(second.prediction)} {how}."
    return f"{text} Redistributed: {flagged[0]} in the reference, {flagged[1]} here."


def largest_shifts(reference: Inspection, now: Inspection, most: int = 5) -> tuple[ColumnShift, ...]:
    """The columns whose share differs most in either direction, in the untouched models; for `comparable` views."""
    shifts = []
    for layer, (one, other) in enumerate(zip(reference.original.trace.maps, now.original.trace.maps, strict=True)):
        before, after = one.mean(1), other.mean(1)
        count = min(most, before.numel())
        for place in (after - before).abs().flatten().topk(count).indices.tolist():
            head, key = divmod(place, before.shape[1])
            column = Column(layer, head, key)
            name = column_name(column, now.layout)
            shifts.append(ColumnShift(column, name, float(before[head, key]), float(after[head, key])))
    return tuple(sorted(shifts, key=lambda one: -abs(one.now - one.reference))[:most])


def compared_maps(
    reference: Inspection, now: Inspection, layer: int, head: int, patched: bool, hide_special: bool = False
) -> MapDetail:
    """The same map of both, on one colour scale, and their difference; for `comparable` views.

    What is marked is what is redistributed in this view.
    """
    first, second = (one.patched if patched else one.original for one in (reference, now))
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
    """A map of each on one scale of colours, for views whose columns can't be compared one by one."""
    figures = tuple(
        _single_map(one, layer, head, patched, title) for one, title in zip(inspections, titles, strict=True)
    )
    highest = max(figure.data[0].zmax for figure in figures)
    for figure in figures:
        figure.data[0].zmax = highest
    return figures


def _single_map(inspection: Inspection, layer: int, head: int, patched: bool, title: str) -> go.Figure:
    one = inspection.patched if patched else inspection.original
    flags: Flags = inspection.flags
    figure = map_detail(replace(inspection, original=one, patched=one, flags=flags), layer, head).original
    figure.update_layout(title={"text": title})
    return figure


def _figures(detail: MapDetail) -> Sequence[go.Figure]:
    return detail.original, detail.redistributed, detail.difference
