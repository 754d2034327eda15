"""One attention map in detail: as the model has it, redistributed, and the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from ..inspection import Inspection
from .colours import attention_scale, difference_scale
from .map_values import TITLES, map_values
from .plotting import go

_HEIGHT = 430
_MOST_LEVEL_TICKS = 8  # more of them on the lower axis would run into each other unless they stand upright
_UPRIGHT = 50  # pixels that names take below the map when they stand upright
_SMALL = 10
_MOST_FRAMES = 6
_HOVER = (
    "from (query): %{y}<br>to (key): %{x}<br>"
    "before %{customdata[0]:.4f} \u2192 after %{customdata[1]:.4f}<extra></extra>"
)


@dataclass(frozen=True)
class MapDetail:
    """Three figures of one map, to be put side by side or below each other; the first two share a colour scale."""

    original: go.Figure
    redistributed: go.Figure
    difference: go.Figure


def map_detail(inspection: Inspection, layer: int, head: int, hide_special: bool = False) -> MapDetail:
    """The map `[queries, keys]` of one head, before and after, with its redistributed columns marked.

    `hide_special` leaves out what the model itself added ([CLS] and the like), as query and as key.
    """
    values = map_values(inspection, layer, head, hide_special)
    names = [escape(name) for name in values.names]
    places, texts = values.ticks
    ticks = places, [escape(text) for text in texts]
    difference = values.after - values.before
    pair = np.stack([values.before, values.after], axis=-1)
    figures = [
        _heatmap(title, shown, pair, names, ticks, values.marked, scale, limits)
        for title, shown, scale, limits in (
            (TITLES[0], values.before, attention_scale(), (0.0, values.strongest)),
            (TITLES[1], values.after, attention_scale(), (0.0, values.strongest)),
            (TITLES[2], difference, difference_scale(), (-values.largest_change, values.largest_change)),
        )
    ]
    return MapDetail(*figures)


def _heatmap(
    title: str,
    values: np.ndarray,
    pair: np.ndarray,
    names: list[str],
    ticks: tuple[list[int], list[str]],
    marked: Mapping[int, str],
    scale: list[list[object]],
    limits: tuple[float, float],
) -> go.Figure:
    queries, keys = values.shape
    level = len(ticks[0]) <= _MOST_LEVEL_TICKS
    rows = names if queries == keys else [str(query) for query in range(queries)]
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=names,
            y=rows,
            customdata=pair,
            colorscale=scale,
            zmin=limits[0],
            zmax=limits[1],
            hovertemplate=_HOVER,
            colorbar={
                "orientation": "h",
                "thickness": 10,
                "y": -0.16 if level else -0.32,
                "yanchor": "top",
                "nticks": 5,
                "len": 1.0,
                "tickformat": ".2~f" if limits[1] >= 0.05 else ".1~e",
            },
        )
    )
    axis = {"type": "category", "showgrid": False, "zeroline": False, "fixedrange": True}
    figure.update_xaxes(
        **axis,
        title={"text": "key (attended to)", "standoff": 4},
        tickvals=ticks[0],
        ticktext=ticks[1],
        tickangle=0 if level else -90,
        tickfont=None if level else {"size": _SMALL},
    )
    figure.update_yaxes(**axis, title={"text": "query (attending)"}, autorange="reversed")
    if queries == keys:
        figure.update_yaxes(tickvals=ticks[0], ticktext=ticks[1], tickfont=None if level else {"size": _SMALL})
    _mark(figure, marked, names)
    figure.update_layout(
        title={"text": title, "x": 0, "xanchor": "left", "font": {"size": 15}, "y": 0.98, "yanchor": "top"},
        height=_HEIGHT if level else _HEIGHT + _UPRIGHT,
        margin={"l": 72, "r": 8, "t": 62, "b": 8},
    )
    return figure


def _mark(figure: go.Figure, marked: Mapping[int, str], names: Sequence[str]) -> None:
    """A triangle above each redistributed column and its name in words; few of them also get a frame around them."""
    room = max(0.75, len(names) / 70)  # the frame stands off, or it would hide a column that is a few pixels wide
    for place in marked:
        figure.add_annotation(x=place, xref="x", y=1, yref="paper", yanchor="bottom", text="\u25bc", showarrow=False)
        for colour, width in (("#111111", 3.0), ("#ffffff", 1.0)) if len(marked) <= _MOST_FRAMES else ():
            figure.add_shape(
                type="rect",
                x0=place - room,
                x1=place + room,
                xref="x",
                y0=0,
                y1=1,
                yref="paper",
                line={"color": colour, "width": width},
            )
    if not marked:
        return
    first, word = next(iter(marked.items()))
    text = f"\u25bc {word}: {names[first]}" if len(marked) == 1 else f"\u25bc {len(marked)} columns redistributed"
    figure.add_annotation(
        x=1, xref="paper", xanchor="right", y=1, yref="paper", yanchor="bottom", yshift=16, text=text, showarrow=False
    )
