"""The colours every figure shares: safe for colour-blind eyes, legible on light and dark pages."""

from __future__ import annotations

import numpy as np
from plotly.colors import sequential, unlabel_rgb

ATTENTION_SCALE = "Cividis"
DIFFERENCE_SCALE = "RdBu_r"
ORIGINAL = "#d97706"
REDISTRIBUTED = "#2563eb"
LIGHT = (255, 255, 255)
DARK = (17, 17, 17)


def attention_colours() -> np.ndarray:
    """The attention scale as a table, `uint8 [256, 3]`: entry 0 is no attention, entry 255 the most."""
    stops = np.array([_rgb(colour) for colour in sequential.Cividis])
    places = np.linspace(0, len(stops) - 1, 256)
    channels = [np.interp(places, np.arange(len(stops)), stops[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)


def _rgb(colour: str) -> tuple[float, ...]:
    if colour.startswith("#"):
        return tuple(float(int(colour[start : start + 2], 16)) for start in (1, 3, 5))
    return tuple(float(part) for part in unlabel_rgb(colour))
