"""How well defences separate triggered from clean inputs, at every threshold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import numpy as np

from .plotting import go

_MOST_POINTS = 400  # of a line: more than a chart has pixels for make the page larger and look the same
_COLOURS = ("#2563eb", "#d97706", "#0f766e", "#be185d", "#6b7280", "#7c3aed", "#65a30d", "#111827")
_DASHES = ("solid", "dash", "dot", "dashdot")


@dataclass(frozen=True)
class Curve:
    """The rates of a defence at every threshold, from the highest down.

    Attributes:
        thresholds: float64 `[n]`.
        false_positives: share of the clean inputs that reach each threshold, float64 `[n]`, 0 to 1.
        true_positives: share of the triggered inputs that reach each threshold, float64 `[n]`, 0 to 1.
    """

    thresholds: np.ndarray
    false_positives: np.ndarray
    true_positives: np.ndarray


def curve(benign: np.ndarray, malicious: np.ndarray) -> Curve:
    """The rates of a defence at each score that occurs.

    Args:
        benign: scores of clean inputs, float64 `[n]`.
        malicious: scores of triggered inputs, float64 `[m]`.

    Example:
        >>> found = curve(np.array([0.1, 0.2]), np.array([0.15, 0.9]))
        >>> [round(float(rate), 2) for rate in found.true_positives]
        [0.5, 0.5, 1.0, 1.0]
    """
    thresholds = np.unique(np.concatenate([benign, malicious]))[::-1]
    if len(thresholds) > _MOST_POINTS:
        thresholds = thresholds[np.linspace(0, len(thresholds) - 1, _MOST_POINTS).round().astype(int)]
    return Curve(thresholds, _reached(benign, thresholds), _reached(malicious, thresholds))


def roc(curves: Mapping[str, Curve]) -> go.Figure:
    """True over false positives, one line for each defence, on a scale that shows small rates."""
    figure = go.Figure()
    for number, (name, rates) in enumerate(curves.items()):
        figure.add_scatter(
            x=100 * np.concatenate([[0.0], rates.false_positives, [1.0]]),
            y=100 * np.concatenate([[0.0], rates.true_positives, [1.0]]),
            mode="lines",
            line={"color": _COLOURS[number % len(_COLOURS)], "dash": _DASHES[number % len(_DASHES)], "shape": "hv"},
            name=escape(name),
            hovertemplate="FPR %{x:.2f} %, TPR %{y:.2f} %<extra>" + escape(name) + "</extra>",
        )
    _arrange(figure, "false alarms (FPR) in %", "found (TPR) in %")
    # Room for marks at the corners, where good detectors are.
    figure.update_xaxes(range=[-4, 101])
    figure.update_yaxes(range=[-2, 106])
    return figure


def threshold_curves(rates: Curve, threshold: float | None) -> go.Figure:
    """Both rates of a defence over its threshold.

    Args:
        rates: at each threshold.
        threshold: the threshold in use, marked by a line; `None` for no line.
    """
    figure = go.Figure()
    for values, name, colour, dash in (
        (rates.true_positives, "triggered inputs flagged (TPR)", "#d97706", "solid"),
        (rates.false_positives, "clean inputs flagged (FPR)", "#2563eb", "dash"),
    ):
        figure.add_scatter(
            x=rates.thresholds,
            y=100 * values,
            mode="lines",
            name=name,
            line={"color": colour, "dash": dash, "shape": "hv"},
        )
    if threshold is not None:
        figure.add_vline(x=threshold, line={"color": "#6b7280", "dash": "dot"}, annotation_text="in use")
    _arrange(figure, "threshold", "inputs in %")
    return figure


def _reached(scores: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    return 1 - np.searchsorted(np.sort(scores), thresholds, side="left") / max(1, len(scores))


def _arrange(figure: go.Figure, across: str, up: str) -> None:
    figure.update_layout(
        height=340,
        margin={"l": 8, "r": 16, "t": 8, "b": 8},
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"},
    )
    figure.update_xaxes(title=across, fixedrange=True, automargin=True)
    figure.update_yaxes(title=up, range=[-2, 102], fixedrange=True, automargin=True)
