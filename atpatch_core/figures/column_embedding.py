"""Columns as a detector's network sees them, as a map: those it takes for alike lie close together."""

from __future__ import annotations

import numpy as np

from ..versions.embedding import ColumnEmbedding
from .plotting import go

_KINDS = (
    (False, "benign", "#2563eb", "circle-open"),
    (True, "over-attended", "#d97706", "diamond"),
)


def column_embedding(embedding: ColumnEmbedding) -> go.Figure:
    """Benign columns as blue circles, over-attended ones as orange diamonds, with their scores at the pointer."""
    figure = go.Figure()
    for over_attended, name, colour, symbol in _KINDS:
        chosen = np.flatnonzero(embedding.over_attended == over_attended)
        if not len(chosen):
            continue
        figure.add_scatter(
            x=embedding.points[chosen, 0],
            y=embedding.points[chosen, 1],
            mode="markers",
            name=f"{name} ({len(chosen)})",
            marker={"color": colour, "symbol": symbol, "size": 7 if over_attended else 6, "opacity": 0.75},
            customdata=[_where(embedding, int(number)) for number in chosen],
            hovertemplate="%{customdata}<extra>" + name + "</extra>",
        )
    figure.update_layout(
        height=400,
        margin={"l": 8, "r": 16, "t": 8, "b": 8},
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"},
    )
    figure.update_xaxes(title="first direction", fixedrange=True, zeroline=False, showticklabels=False)
    figure.update_yaxes(title="second direction", fixedrange=True, zeroline=False, showticklabels=False)
    return figure


def _where(embedding: ColumnEmbedding, number: int) -> str:
    head = int(embedding.heads[number])
    heads = "all heads" if head < 0 else f"head {head}"
    place = f"input {embedding.inputs[number]}, {heads}, column {embedding.keys[number]}"
    return f"{place}: score {embedding.scores[number]:.3f}"
