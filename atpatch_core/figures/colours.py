"""The colours every figure shares: safe for colour-blind eyes, legible on light and dark pages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .plotting import diverging, sequential, unlabel_rgb

ORIGINAL = "#d97706"
REDISTRIBUTED = "#2563eb"
FLAGGED = (255, 153, 0)
LIGHT = (255, 255, 255)
DARK = (17, 17, 17)


def attention_colours() -> np.ndarray:
    """The attention scale as a table, `uint8 [256, 3]`: entry 0 is no attention, entry 255 the most."""
    stops = np.array([_rgb(colour) for colour in sequential.Cividis])
    places = np.linspace(0, len(stops) - 1, 256)
    channels = [np.interp(places, np.arange(len(stops)), stops[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)


def difference_colours() -> np.ndarray:
    """The difference scale as a table, `uint8 [256, 3]`: entry 0 is much less, 255 much more, the middle equal."""
    stops = np.array([_rgb(colour) for colour in reversed(diverging.RdBu)])
    places = np.linspace(0, len(stops) - 1, 256)
    channels = [np.interp(places, np.arange(len(stops)), stops[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)


def attention_scale(steps: int = 32) -> list[list[object]]:
    """The attention scale for a Plotly heatmap from 0 to the strongest value, by square root as in the overview."""
    colours = attention_colours()
    return [[(step / steps) ** 2, _css(colours[round(step / steps * 255)])] for step in range(steps + 1)]


def difference_scale(steps: int = 32) -> list[list[object]]:
    """Blue (less) over white (equal) to red (more) for a symmetric range, by square root on both sides."""
    stops = np.array([_rgb(colour) for colour in reversed(diverging.RdBu)])
    scale: list[list[object]] = []
    for step in range(-steps, steps + 1):
        side = step / steps
        place = (side + 1) / 2 * (len(stops) - 1)
        colour = [np.interp(place, np.arange(len(stops)), stops[:, channel]) for channel in range(3)]
        scale.append([(1 + side * abs(side)) / 2, _css(colour)])
    return scale


def _css(colour: Sequence[float] | np.ndarray) -> str:
    red, green, blue = (round(float(channel)) for channel in colour)
    return f"rgb({red},{green},{blue})"


def _rgb(colour: str) -> tuple[float, ...]:
    if colour.startswith("#"):
        return tuple(float(int(colour[start : start + 2], 16)) for start in (1, 3, 5))
    return tuple(float(part) for part in unlabel_rgb(colour))
