"""One attention map in detail: as the model has it, redistributed, and the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import plotly.graph_objects as go

from ..inspection import Column, Inspection, Layout
from .colours import attention_scale, difference_scale
from .verdict import split_columns
from .wording import unique

_HEIGHT = 430
_MOST_TICKS = 8
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
    layout = inspection.layout
    before, after = (
        one.trace.maps[layer][head].detach().cpu().float().numpy() for one in (inspection.original, inspection.patched)
    )
    shown = [key for key in range(before.shape[1]) if not (hide_special and layout.special[key])]
    if before.shape[0] == before.shape[1]:
        before, after = before[shown], after[shown]
    before, after = before[:, shown], after[:, shown]
    marked = _marked(inspection, layer, head, shown)
    # A category axis would merge columns of the same name.
    every_name = unique(layout.key_names)
    names = [escape(every_name[key]) for key in shown]
    strongest = float(max(before.max(initial=0.0), after.max(initial=0.0))) or 1.0
    difference = after - before
    largest = float(np.abs(difference).max(initial=0.0)) or strongest
    pair = np.stack([before, after], axis=-1)
    figures = [
        _heatmap(title, values, pair, names, _ticks(layout, shown), marked, scale, limits)
        for title, values, scale, limits in (
            ("Original", before, attention_scale(), (0.0, strongest)),
            ("Redistributed", after, attention_scale(), (0.0, strongest)),
            ("Difference (redistributed \u2212 original)", difference, difference_scale(), (-largest, largest)),
        )
    ]
    return MapDetail(*figures)


def _ticks(layout: Layout, keys: Sequence[int]) -> tuple[list[int], list[str]]:
    """Places and texts of a few ticks: the start of each row of patches, or evenly spread names."""
    if layout.grid is None:
        places = list(range(0, len(keys), -(-len(keys) // _MOST_TICKS)))
        return places, [escape(layout.key_names[keys[place]][:10]) for place in places]
    rows, columns = layout.grid
    first = sum(layout.special)
    step = -(-rows // _MOST_TICKS)
    starts = {first + row * columns: row for row in range(0, rows, step)}
    places = [place for place, key in enumerate(keys) if key in starts]
    return places, [f"row {starts[keys[place]]}" for place in places]


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
                "y": -0.16,
                "yanchor": "top",
                "nticks": 5,
                "len": 1.0,
                "tickformat": ".2~f" if limits[1] >= 0.05 else ".1~e",
            },
        )
    )
    axis = {"type": "category", "showgrid": False, "zeroline": False, "fixedrange": True}
    figure.update_xaxes(
        **axis, title={"text": "key (attended to)", "standoff": 4}, tickvals=ticks[0], ticktext=ticks[1], tickangle=0
    )
    figure.update_yaxes(**axis, title={"text": "query (attending)"}, autorange="reversed")
    if queries == keys:
        figure.update_yaxes(tickvals=ticks[0], ticktext=ticks[1])
    _mark(figure, marked, names)
    figure.update_layout(
        title={"text": title, "x": 0, "xanchor": "left", "font": {"size": 15}, "y": 0.98, "yanchor": "top"},
        height=_HEIGHT,
        margin={"l": 72, "r": 8, "t": 62, "b": 8},
    )
    return figure


def _marked(inspection: Inspection, layer: int, head: int, shown: Sequence[int]) -> dict[int, str]:
    """The places of the redistributed columns among those shown, each with "flagged" or "chosen by hand"."""
    detected, chosen = split_columns(inspection.flags)
    why = {column: word for columns, word in ((detected, "flagged"), (chosen, "chosen by hand")) for column in columns}
    places = {place: why.get(Column(layer, head, key)) for place, key in enumerate(shown)}
    return {place: word for place, word in places.items() if word is not None}


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
