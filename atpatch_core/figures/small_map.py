"""A map small enough to print its numbers, as SVG: for explaining, not for looking for anything."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from .colours import attention_colours

_CELL, _LEFT, _TOP, _SUM, _BOTTOM = 74, 112, 64, 96, 44
_LONGEST = 10
_PANEL, _TEXT, _QUIET, _FRAME = "#20242b", "#eceef1", "#b6bcc6", "#ff9900"
_DARK_INK = 150  # a cell at least as bright as this (of 255) is written on in black


def small_map_svg(values: np.ndarray, names: Sequence[str], row: int | None = None) -> str:
    """The SVG of a small map with its numbers, the sum of every row and the mean of every column.

    Args:
        values: the map, `[queries, keys]`, 0 to 1; colours go by square root.
        names: of the keys.
        row: number of the row to frame, if any.
    """
    queries, keys = values.shape
    width, height = _LEFT + keys * _CELL + _SUM, _TOP + queries * _CELL + _BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="system-ui, sans-serif" text-anchor="middle">',
        f'<rect width="{width}" height="{height}" rx="8" fill="{_PANEL}"/>',
        _text(_LEFT + keys * _CELL / 2, 20, "key: who is looked at", _QUIET, 14),
        _text(_LEFT - 8, _TOP - 12, "query \u2193", _QUIET, 14, "end"),
        _text(_LEFT + keys * _CELL + _SUM / 2, _TOP - 12, "row sum", _QUIET, 14),
        _text(_LEFT - 8, _TOP + queries * _CELL + 26, "column mean", _QUIET, 14, "end"),
    ]
    for key in range(keys):
        across = _LEFT + (key + 0.5) * _CELL
        parts.append(_text(across, _TOP - 12, _short(names[key]), _TEXT, 16))
        mean = f"{values[:, key].mean():.2f}"
        parts.append(_text(across, _TOP + queries * _CELL + 26, mean, _TEXT, 16))
    for query in range(queries):
        down = _TOP + query * _CELL
        parts.append(_text(_LEFT - 8, down + _CELL / 2 + 5, _short(names[query]), _TEXT, 16, "end"))
        parts += [_cell(_LEFT + key * _CELL, down, float(values[query, key])) for key in range(keys)]
        total = f"{values[query].sum():.2f}"
        parts.append(_text(_LEFT + keys * _CELL + _SUM / 2, down + _CELL / 2 + 5, total, _TEXT, 16))
    if row is not None:
        parts.append(
            f'<rect x="{_LEFT - 2}" y="{_TOP + row * _CELL - 2}" width="{keys * _CELL + 4}" height="{_CELL + 4}" '
            f'fill="none" stroke="{_FRAME}" stroke-width="4"/>'
        )
    return "".join([*parts, "</svg>"])


def _cell(x: float, y: float, share: float) -> str:
    red, green, blue = (int(colour) for colour in attention_colours()[round(255 * min(1.0, max(0.0, share)) ** 0.5)])
    bright = 0.299 * red + 0.587 * green + 0.114 * blue
    ink = "#111111" if bright >= _DARK_INK else "#ffffff"
    return (
        f'<rect x="{x + 1}" y="{y + 1}" width="{_CELL - 2}" height="{_CELL - 2}" fill="rgb({red},{green},{blue})"/>'
        + _text(x + _CELL / 2, y + _CELL / 2 + 6, f"{share:.2f}", ink, 18)
    )


def _text(x: float, y: float, words: str, colour: str, size: int, anchor: str = "middle") -> str:
    return f'<text x="{x:g}" y="{y:g}" fill="{colour}" font-size="{size}" text-anchor="{anchor}">{escape(words)}</text>'


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "\u2026"
