"""How many of the flagged inputs are rightly flagged, against how many of the over-attended ones are found."""

from __future__ import annotations

import numpy as np

from .plotting import go


def precision_recall(precision: np.ndarray, recall: np.ndarray, chance: float) -> go.Figure:
    """Precision over recall, float64 `[points]` each; `chance` is the precision of flagging at random."""
    figure = go.Figure()
    figure.add_scatter(
        x=100 * recall,
        y=100 * precision,
        mode="lines",
        line={"color": "#2563eb", "shape": "hv"},
        hovertemplate="recall %{x:.1f} %, precision %{y:.1f} %<extra></extra>",
    )
    figure.add_hline(
        y=100 * chance,
        line={"color": "#6b7280", "dash": "dot"},
        annotation_text="flagging at random",
        annotation_position="bottom left",
    )
    figure.update_layout(height=340, margin={"l": 8, "r": 16, "t": 8, "b": 8}, showlegend=False)
    figure.update_xaxes(title="over-attended inputs found (recall) in %", range=[-1, 101], fixedrange=True)
    figure.update_yaxes(
        title="flagged inputs rightly so (precision) in %", range=[-2, 102], fixedrange=True, automargin=True
    )
    return figure
