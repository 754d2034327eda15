"""Why a column was flagged or not: the detector's scores in one head, against the threshold."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ..column import Column
from ..inspection.results import Flags, Inspection
from ..wording.phrases import score_text
from .colours import ORIGINAL, REDISTRIBUTED
from .plotting import go
from .redistributed import why_redistributed

_LETTER = 0.04  # as wide as a letter of a narrow chart, on its scale of scores
_GAP = 0.01  # between a bar or a line and the text beside it


def score_bars(
    inspection: Inspection, layer: int, head: int, calibrated: float | None, most: int = 10
) -> go.Figure | None:
    """The highest scores among the columns of one head.

    Args:
        inspection: what was found in an input.
        layer: number of the layer.
        head: number of the head.
        calibrated: the detector's own threshold, shown as a dotted line if another is in use.
        most: the most columns to show; 10 by default.

    Returns:
        `None` if the detector does not watch the layer.
    """
    scores = inspection.flags.scores[layer]
    if scores is None:
        return None
    values, keys = scores[head].sort(descending=True, stable=True)
    top = [(float(value), int(key)) for value, key in zip(values[:most], keys[:most], strict=True)]
    flagged = inspection.flags.flagged[layer][head]
    threshold = inspection.flags.threshold
    texts = [score_text(value) + _mark(inspection.flags, Column(layer, head, key)) for value, key in top]
    names = [escape(inspection.layout.key_names[key]) for _, key in top]
    figure = go.Figure(
        go.Bar(
            x=[value for value, _ in top],
            y=list(range(len(top))),
            orientation="h",
            marker={"color": [ORIGINAL if bool(flagged[key]) else "#8a9099" for _, key in top]},
            text=texts,
            textposition="none",
            customdata=names,
            hovertemplate="%{customdata}: score %{text}<extra></extra>",
        )
    )
    lines = [min(line, 1.0) for line in (threshold, calibrated) if line is not None]
    widths = [_LETTER * len(text) + 4 * _GAP for text in texts]
    starts = [clear_of(value, width, lines) + _GAP for (value, _), width in zip(top, widths, strict=True)]
    figure.add_scatter(
        x=starts,
        y=list(range(len(top))),
        mode="text",
        text=texts,
        textposition="middle right",
        cliponaxis=False,
        hoverinfo="skip",
    )
    figure.add_vline(x=min(threshold, 1.0), line={"color": REDISTRIBUTED, "width": 2})
    figure.add_annotation(
        x=min(threshold, 1.0),
        y=1,
        yref="paper",
        yanchor="bottom",
        xanchor="right" if threshold > 0.5 else "left",
        text=f"threshold {score_text(threshold)}",
        showarrow=False,
    )
    if calibrated is not None and calibrated != threshold:
        figure.add_vline(x=min(calibrated, 1.0), line={"color": REDISTRIBUTED, "width": 2, "dash": "dot"})
    figure.update_layout(height=50 + 26 * len(top), margin={"l": 8, "r": 8, "t": 28, "b": 8}, showlegend=False)
    figure.update_xaxes(range=[0, 1.75], visible=False, fixedrange=True)
    figure.update_yaxes(
        tickvals=list(range(len(top))),
        ticktext=names,
        range=[len(top) - 0.5, -0.5],
        showgrid=False,
        automargin=True,
        fixedrange=True,
    )
    return figure


def clear_of(start: float, width: float, lines: Sequence[float]) -> float:
    """Where a text beside a bar starts so that no upright line cuts through it.

    Args:
        start: where it would start without any line.
        width: of the text.
        lines: places of the lines, in the same units.
    """
    for line in sorted(lines):
        if start <= line < start + width:
            start = line
    return start


def _mark(flags: Flags, column: Column) -> str:
    redistributed = bool(flags.flagged[column.layer][column.head, column.key])
    return f" \u25c0 {why_redistributed(flags, column)}" if redistributed else ""


def ranked_columns(flags: Flags) -> tuple[Column, ...]:
    """The redistributed columns, highest score first; those without a score (chosen by hand) come last."""

    def score(column: Column) -> float:
        known = flags.score(column)
        return -1.0 if known is None else known

    return tuple(sorted(flags.columns, key=score, reverse=True))
