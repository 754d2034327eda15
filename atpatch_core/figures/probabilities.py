"""Class probabilities before and after, side by side."""

from __future__ import annotations

from html import escape

import numpy as np

from ..inspection.results import Prediction
from ..wording.phrases import percent
from .colours import ORIGINAL, REDISTRIBUTED
from .plotting import go

_WORTH_A_NUMBER = 0.0005  # what would read "0.0 %" is noise beside the bars


def shown_classes(before: Prediction, after: Prediction, most: int = 10) -> tuple[int, ...]:
    """The classes to show: those that are most probable in either prediction.

    Args:
        before: the prediction without AtPatch.
        after: the prediction with AtPatch, of the same classes.
        most: the most classes to show; 10 by default.

    Returns:
        Numbers of classes.
    """
    highest = np.maximum(before.probabilities.numpy(), after.probabilities.numpy())
    return tuple(int(index) for index in np.argsort(-highest, kind="stable")[:most])


def probability_bars(before: Prediction, after: Prediction, patched: bool, most: int = 10) -> go.Figure:
    """Two bars per class, without and with AtPatch.

    Args:
        before: the prediction without AtPatch.
        after: the prediction with AtPatch, of the same classes.
        patched: whether AtPatch is on now; the bars of the other prediction are paler.
        most: the most classes to show; 10 by default.
    """
    classes = shown_classes(before, after, most)
    names = [escape(before.labels[index]) for index in classes]
    figure = go.Figure()
    for prediction, name, colour, pattern, answers in (
        (before, "Without AtPatch", ORIGINAL, "", not patched),
        (after, "With AtPatch", REDISTRIBUTED, "/", patched),
    ):
        values = [float(prediction.probabilities[index]) for index in classes]
        figure.add_bar(
            x=values,
            y=list(range(len(classes))),
            orientation="h",
            name=f"{name} (answers now)" if answers else name,
            marker={
                "color": colour,
                "opacity": 1.0 if answers else 0.45,
                "pattern": {"shape": pattern, "solidity": 0.3, "bgcolor": colour, "fgcolor": "#ffffff", "size": 6},
            },
            text=[percent(value) if value >= _WORTH_A_NUMBER else "" for value in values],
            textposition="outside",
            cliponaxis=False,
            customdata=[(name, percent(value)) for name, value in zip(names, values, strict=True)],
            hovertemplate="%{customdata[0]}: %{customdata[1]}<extra>" + name + "</extra>",
        )
    figure.update_layout(
        barmode="group",
        bargap=0.25,
        height=90 + 34 * len(classes),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "traceorder": "normal"},
    )
    figure.update_xaxes(range=[0, 1.18], visible=False, fixedrange=True)
    figure.update_yaxes(
        tickvals=list(range(len(classes))),
        ticktext=[escape(_short(before.labels[index])) for index in classes],
        range=[len(classes) - 0.5, -0.5],
        showgrid=False,
        automargin=True,
        fixedrange=True,
    )
    return figure


def _short(name: str, longest: int = 22) -> str:
    return name if len(name) <= longest else name[: longest - 1] + "\u2026"
