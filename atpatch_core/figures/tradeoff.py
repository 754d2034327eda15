"""What a defence achieves against what it costs, as one chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go

_COLOURS = {
    "none": "#6b7280",
    "atpatch": "#2563eb",
    "bound": "#8b5cf6",
    "variant": "#60a5fa",
    "columns": "#d97706",
    "peer": "#b45309",
    "ablation": "#60a5fa",
}
_CLOSE = 0.07  # of an axis
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
    """One defence: what it leaves and what is lost by it, as shares, and its time in multiples of the model's."""

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
    """What is `left` over what is `lost`, both in points; the best place is at the bottom left.

    A marker's area grows with its cost, its shape and colour show the kind of defence. Defences that lie too close
    together to be told apart share one label.
    """
    figure = go.Figure()
    furthest = max((one.lost for one in places), default=0.0)
    labels = _labels(places)
    # AtPatch comes last, so that nothing hides it.
    for group in sorted({_NAMES[one.family] for one in places}, key=lambda name: name == _NAMES["atpatch"]):
        mine = [one for one in places if _NAMES[one.family] == group]
        figure.add_scatter(
            x=[100 * one.lost for one in mine],
            y=[100 * one.left for one in mine],
            mode="markers+text",
            name=bound if group == _NAMES["bound"] else group,
            text=[labels.get(one.name, "") for one in mine],
            textposition=["middle left" if one.lost > 0.5 * furthest > 0 else "middle right" for one in mine],
            textfont={"size": 11},
            cliponaxis=False,
            customdata=[(escape(one.name), _time(one)) for one in mine],
            hovertemplate=f"%{{customdata[0]}}<br>{escape(left)} %{{y:.2f}} points<br>{escape(lost)} %{{x:.2f}} points"
            "<br>%{customdata[1]}<extra></extra>",
            marker={
                "size": [_size(one.cost) for one in mine],
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
    figure.update_xaxes(title=f"{escape(lost)} in points", zeroline=True, fixedrange=True, automargin=True)
    figure.update_yaxes(title=f"{escape(left)} in points", zeroline=True, fixedrange=True, automargin=True)
    return figure


def _labels(places: Sequence[Place]) -> dict[str, str]:
    """What to write beside some of the places: their own name, and of those too close to it."""
    across = max((abs(one.lost) for one in places), default=0.0) or 1.0
    up = max((abs(one.left) for one in places), default=0.0) or 1.0
    groups: list[list[Place]] = []
    for one in places:
        for group in groups:
            near = group[0]
            if abs(one.lost - near.lost) < _CLOSE * 2 * across and (abs(one.left - near.left) < _CLOSE * up):
                group.append(one)
                break
        else:
            groups.append([one])
    return {group[0].name: _written(group) for group in groups}


def _written(group: Sequence[Place]) -> str:
    """Names on lines of two, with room for the marker in front."""
    names = [escape(one.name) for one in group]
    lines = [", ".join(names[start : start + 2]) for start in range(0, len(names), 2)]
    return "<br>".join(f"\u2002{line}\u2002" for line in lines)


def _size(cost: float | None) -> float:
    return 12.0 if cost is None else min(44.0, 12.0 * max(1.0, cost) ** 0.5)


def _time(one: Place) -> str:
    if one.cost is None:
        return "needs the truth" if one.family == "bound" else ""
    return f"{one.cost:.1f} times the time"
