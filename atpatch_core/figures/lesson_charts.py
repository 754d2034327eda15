"""The charts of the Learn page: a ROC curve with the threshold on it, alarms by kind, and one row before and after."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from ..inspection.results import Inspection
from ..lessons.base_rate import Alarms
from ..lessons.image_scores import ImageScores
from ..lessons.rows import RepairedRow
from .colours import ORIGINAL, REDISTRIBUTED
from .detection_curves import curve, roc
from .map_detail import map_detail
from .plotting import go

_MARGIN = {"l": 8, "r": 12, "t": 8, "b": 8}


def rates_at(scores: ImageScores, threshold: float) -> tuple[float, float]:
    """The rates of the detector at one threshold.

    Args:
        scores: the scores of clean and triggered images.
        threshold: images that score so much or more are flagged.

    Returns:
        (true, false) positive rates, 0 to 1.
    """
    return float((scores.detector_triggered >= threshold).mean()), float((scores.detector_clean >= threshold).mean())


def pairs_won(scores: ImageScores) -> tuple[float, float]:
    """Of all pairs of a triggered and a clean image, the share in which the triggered one ranks higher.

    Returns:
        The shares, 0 to 1, by the detector and by the largest column: the areas under their ROC curves.
    """
    from sklearn.metrics import roc_auc_score

    return tuple(  # type: ignore[return-value]
        float(roc_auc_score(np.repeat([0, 1], [len(clean), len(bad)]), np.concatenate([clean, bad])))
        for clean, bad in (
            (scores.detector_clean, scores.detector_triggered),
            (scores.largest_clean, scores.largest_triggered),
        )
    )


def lesson_roc(scores: ImageScores, threshold: float, height: int = 300) -> go.Figure:
    """The detector's ROC curve, marked at a threshold, beside that of the rule "largest column", which learnt nothing.

    Args:
        scores: the scores of clean and triggered images.
        threshold: where to mark the detector's curve.
        height: of the figure, in pixels; 300 by default.
    """
    figure = roc(
        {
            "trained detector": curve(scores.detector_clean, scores.detector_triggered),
            "largest column (nothing learnt)": curve(scores.largest_clean, scores.largest_triggered),
        }
    )
    true, false = rates_at(scores, threshold)
    figure.add_scatter(
        x=[100 * false],
        y=[100 * true],
        mode="markers",
        marker={"size": 14, "symbol": "circle-open", "color": ORIGINAL, "line": {"width": 3}},
        name="at this threshold",
        hovertemplate="FPR %{x:.2f} %, TPR %{y:.2f} %<extra>at this threshold</extra>",
    )
    figure.update_layout(height=height, legend={"font": {"size": 11}})
    figure.update_xaxes(title="false alarms (FPR) in %")
    figure.update_yaxes(title="found (TPR) in %")
    return figure


def alarm_bars(alarms: Alarms, height: int = 150) -> go.Figure:
    """Real and false alarms as two bars on one scale, labelled with their numbers.

    Args:
        alarms: the expected numbers.
        height: of the figure, in pixels; 150 by default.
    """
    figure = go.Figure()
    for place, (name, number, colour, pattern) in enumerate(
        (("real alarms", alarms.right, REDISTRIBUTED, ""), ("false alarms", alarms.false, ORIGINAL, "/"))
    ):
        figure.add_bar(
            x=[number],
            y=[place],
            orientation="h",
            marker={"color": colour, "pattern": {"shape": pattern, "fgcolor": "#ffffff", "bgcolor": colour, "size": 6}},
            text=[f"{number:,.0f}"],
            textposition="outside",
            cliponaxis=False,
            name=name,
            hovertemplate="%{x:,.1f} " + name + "<extra></extra>",
        )
    most = max(alarms.right, alarms.false, 1.0)
    figure.update_layout(height=height, margin=_MARGIN, showlegend=False, bargap=0.35)
    figure.update_xaxes(range=[0, 1.2 * most], visible=False, fixedrange=True)
    figure.update_yaxes(
        tickvals=[0, 1],
        ticktext=["real alarms", "false alarms"],
        range=[1.5, -0.5],
        showgrid=False,
        automargin=True,
        fixedrange=True,
    )
    return figure


def row_bars(row: RepairedRow, names: Sequence[str], height: int = 230) -> go.Figure:
    """Two bars a key, before and after; flagged keys have a triangle before their name.

    Args:
        row: one row of a map.
        names: of its keys.
        height: of the figure, in pixels; 230 by default.
    """
    places = list(range(len(names)))
    figure = go.Figure()
    for values, name, colour, pattern in (
        (row.before, "before", ORIGINAL, ""),
        (row.after, "after", REDISTRIBUTED, "/"),
    ):
        figure.add_bar(
            x=places,
            y=list(values),
            name=name,
            marker={"color": colour, "pattern": {"shape": pattern, "fgcolor": "#ffffff", "bgcolor": colour, "size": 6}},
            text=[f"{value:.2f}" for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y:.3f}<extra>" + name + "</extra>",
        )
    figure.update_layout(
        barmode="group",
        bargap=0.3,
        height=height,
        margin=_MARGIN,
        legend={"orientation": "h", "x": 0, "y": 1.05, "yanchor": "bottom"},
    )
    marked = ["\u25bc " * hit + escape(name) for name, hit in zip(names, row.flagged, strict=True)]
    figure.update_xaxes(tickvals=places, ticktext=marked, fixedrange=True)
    figure.update_yaxes(range=[0, 1.15 * float(np.max([row.before, row.after]))], visible=False, fixedrange=True)
    return figure


def lesson_map(inspection: Inspection, layer: int, head: int, patched: bool = False, height: int = 360) -> go.Figure:
    """One map as on the Triage page, in less room and without a scale.

    Args:
        inspection: what was found in an input.
        layer: number of the layer.
        head: number of the head.
        patched: whether to show the map with AtPatch.
        height: of the figure, in pixels; 360 by default.
    """
    detail = map_detail(inspection, layer, head)
    figure = detail.redistributed if patched else detail.original
    figure.update_layout(height=height, title=None, margin={"l": 60, "r": 8, "t": 44, "b": 8})
    figure.update_traces(showscale=False)
    figure.update_xaxes(tickfont={"size": 9})
    figure.update_yaxes(tickfont={"size": 9})
    return figure
