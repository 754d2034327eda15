"""The same inputs scored by two versions of a detector, one against the other."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from .plotting import go

_FURTHEST = 1e-4  # from 0 and 1; beyond, log-odds only show how sure is sure


def score_pairs(
    scores: np.ndarray,
    over_attended: np.ndarray,
    titles: Sequence[str],
    names: tuple[str, str],
    thresholds: tuple[float, float],
) -> go.Figure:
    """The scores of two detectors for the same inputs, in log-odds, with both thresholds.

    Args:
        scores: float64 `[2, n]`, 0 to 1.
        over_attended: bool `[n]`, decides the marks.
        titles: one for each input, shown at the pointer.
        names: of the two detectors.
        thresholds: of the two detectors, 0 to 1.
    """
    odds = _log_odds(scores)
    figure = go.Figure()
    for kind, name, colour, symbol in (
        (False, "not over-attended", "#2563eb", "circle-open"),
        (True, "over-attended", "#d97706", "diamond"),
    ):
        chosen = np.flatnonzero(over_attended == kind).tolist()
        figure.add_scatter(
            x=odds[0, chosen],
            y=odds[1, chosen],
            mode="markers",
            name=name,
            marker={"color": colour, "symbol": symbol, "size": 7, "opacity": 0.7},
            customdata=[(escape(titles[number]), *scores[:, number]) for number in chosen],
            hovertemplate=f"%{{customdata[0]}}<br>{escape(names[0])}: %{{customdata[1]:.4f}}"
            f"<br>{escape(names[1])}: %{{customdata[2]:.4f}}<extra></extra>",
        )
    across, up = _log_odds(np.array(thresholds))
    figure.add_vline(x=across, line={"color": "#6b7280", "dash": "dot"})
    figure.add_hline(y=up, line={"color": "#6b7280", "dash": "dot"})
    ticks = np.array([0.0001, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999])
    axis = {"tickvals": _log_odds(ticks), "ticktext": [f"{tick:g}" for tick in ticks], "fixedrange": True}
    figure.update_layout(
        height=380,
        margin={"l": 8, "r": 16, "t": 8, "b": 8},
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"},
    )
    figure.update_xaxes(title=f"score by {escape(names[0])}", automargin=True, **axis)
    figure.update_yaxes(title=f"score by {escape(names[1])}", automargin=True, **axis)
    return figure


def _log_odds(scores: np.ndarray) -> np.ndarray:
    kept = np.clip(scores, _FURTHEST, 1 - _FURTHEST)
    odds: np.ndarray = np.log(kept / (1 - kept))
    return odds
