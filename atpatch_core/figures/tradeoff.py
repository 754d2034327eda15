"""What a defence achieves against what it costs, as one chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from .label_places import Mark, label_places
from .plotting import go

_COLOURS = {
    "none": "#6b7280",
    "atpatch": "#2563eb",
    "bound": "#8b5cf6",
    "variant": "#60a5fa",
    "columns": "#d97706",
    "peer": "#b45309",
    "ablation": "#60a5fa",
}
_CHARTS = ((270.0, 265.0), (460.0, 320.0))  # pixels: the plotting area on the smallest screen and on a large one
_ROOM = 0.1  # of an axis, at either end
_LINES = "#9ca3af"
_SYMBOLS = {
    "none": "x",
    "atpatch": "star",
    "bound": "hexagon",
    "variant": "circle",
    "columns": "square",
    "peer": "diamond",
    "ablation": "circle",
}
_NAMES = {
    "none": "no fix",
    "atpatch": "AtPatch",
    "bound": "bound",
    "variant": "AtPatch, one part changed",
    "columns": "other columns",
    "peer": "other methods",
    "ablation": "AtPatch, one part changed",
}


@dataclass(frozen=True)
class Place:
    """One defence in the chart of trade-offs.

    Attributes:
        name: of the defence.
        family: its kind, which decides its colour and mark.
        left: what it leaves of the attack, as a share from 0 to 1.
        lost: what is lost by it, as a share from 0 to 1.
        cost: its time in multiples of the model's; `None` if it was not measured.
    """

    name: str
    family: str
    left: float
    lost: float
    cost: float | None


def tradeoff(
    places: Sequence[Place],
    left: str = "excess ASR",
    lost: str = "CA drop",
    bound: str = "bound (knows the trigger)",
) -> go.Figure:
    """What each defence leaves of the attack over what is lost by it; the best place is at the bottom left.

    A marker's area grows with its cost, its shape and colour show the kind of defence. Names stand beside their marks,
    or where there is room, with a line; defences that lie on each other share a label.

    Args:
        places: the defences.
        left: name of the upright axis, which is in points.
        lost: name of the level axis, which is in points.
        bound: what the legend calls the defence that knows the trigger.
    """
    figure = go.Figure()
    # AtPatch comes last, so that nothing hides it.
    for group in sorted({_NAMES[place.family] for place in places}, key=lambda name: name == _NAMES["atpatch"]):
        mine = [place for place in places if _NAMES[place.family] == group]
        figure.add_scatter(
            x=[100 * place.lost for place in mine],
            y=[100 * place.left for place in mine],
            mode="markers",
            name=bound if group == _NAMES["bound"] else group,
            cliponaxis=False,
            customdata=[(escape(place.name), _time(place)) for place in mine],
            hovertemplate=f"%{{customdata[0]}}<br>{escape(left)} %{{y:.2f}} points<br>{escape(lost)} %{{x:.2f}} points"
            "<br>%{customdata[1]}<extra></extra>",
            marker={
                "size": [_size(place.cost) for place in mine],
                "symbol": f"{_SYMBOLS[mine[0].family]}-open",
                "opacity": 1,  # Plotly makes large markers translucent
                "color": _COLOURS[mine[0].family],
                "line": {"width": 3 if mine[0].family == "atpatch" else 2},
            },
        )
    figure.update_layout(
        height=460,
        margin={"l": 8, "r": 24, "t": 8, "b": 8},
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"},
    )
    across, up = _range([place.lost for place in places]), _range([place.left for place in places])
    figure.update_xaxes(
        title=f"{escape(lost)} in points", zeroline=True, fixedrange=True, automargin=True, range=across
    )
    figure.update_yaxes(title=f"{escape(left)} in points", zeroline=True, fixedrange=True, automargin=True, range=up)
    _write_names(figure, places, across, up)
    return figure


def _range(shares: Sequence[float]) -> tuple[float, float]:
    """From the lowest to the highest of `shares` and 0, in points, with room at both ends for the marks."""
    low, high = 100 * min([0.0, *shares]), 100 * max([0.0, *shares])
    room = _ROOM * ((high - low) or 1.0)
    return low - room, high + room


def _write_names(
    figure: go.Figure, places: Sequence[Place], across: tuple[float, float], up: tuple[float, float]
) -> None:
    marks = [
        Mark(
            place.name,
            (100 * place.lost - across[0]) / (across[1] - across[0]),
            (up[1] - 100 * place.left) / (up[1] - up[0]),
            _size(place.cost) / 2,
        )
        for place in places
    ]
    by_name = {place.name: place for place in places}
    for label in label_places(tuple(marks), _CHARTS):
        shift = {"xshift": label.right, "yshift": -label.down} if label.near else {"ax": label.right, "ay": label.down}
        figure.add_annotation(
            x=100 * by_name[label.mark.name].lost,
            y=100 * by_name[label.mark.name].left,
            text="<br>".join(escape(name) for name in label.names),
            font={"size": 11},
            align="left" if label.right >= 0 else "right",
            showarrow=not label.near,
            arrowhead=0,
            arrowwidth=1,
            arrowcolor=_LINES,
            standoff=label.mark.radius,
            **shift,
        )


def _size(cost: float | None) -> float:
    return 12.0 if cost is None else min(44.0, 12.0 * max(1.0, cost) ** 0.5)


def _time(place: Place) -> str:
    if place.cost is None:
        return "needs the truth" if place.family == "bound" else ""
    return f"{place.cost:.1f} times the time"
