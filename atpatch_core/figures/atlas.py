"""The overview: every map of every head of every layer in one raster image, with flagged columns marked.

A raster stays small however large the model is: twelve layers of twelve heads on 197 columns are 5.6 million numbers,
which as a chart would be some 100 MB of JSON and as this image are a few hundred kilobytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..inspection.results import AttentionTrace, Flags
from .colours import DARK, FLAGGED, attention_colours

_PANEL = (32, 36, 43)
_TEXT = (236, 238, 241)
_GAP = 10
_MARK = 9
_LEFT = 58
_RIGHT = 12
_BOTTOM = 12
_SMALLEST_FONT = 14
_LARGEST_FONT = 20  # "layer" has no more room on the left
_LETTERS = 44  # one letter in so many pixels across: half a page, some 540 pixels wide, shows it 12 pixels tall


@dataclass(frozen=True)
class Box:
    """A rectangle in fractions (0 to 1) of the atlas.

    Attributes:
        left: from the left edge, in widths of the atlas.
        top: from the top edge, in heights of the atlas.
        width: in widths of the atlas.
        height: in heights of the atlas.
    """

    left: float
    top: float
    width: float
    height: float

    @property
    def centre(self) -> tuple[float, float]:
        """The point in the middle, (x, y)."""
        return self.left + self.width / 2, self.top + self.height / 2


@dataclass(frozen=True)
class AtlasGeometry:
    """Where each map lies in the atlas: one row of cells per layer, one square cell per head.

    Attributes:
        heads: the number of heads of each layer.
        cell: pixels along the side of a cell.

    Example:
        >>> geometry = AtlasGeometry(heads=(4, 4), cell=100)
        >>> geometry.at(*geometry.box(layer=1, head=2).centre)
        (1, 2)
    """

    heads: tuple[int, ...]
    cell: int

    @property
    def font(self) -> int:
        """Pixels that a letter is tall: more in a wide atlas, as a page shows it smaller."""
        return min(_LARGEST_FONT, max(_SMALLEST_FONT, self.width // _LETTERS))

    @property
    def top(self) -> int:
        """Pixels above the first row, with its marks, where the heads are named."""
        return self.font + 16

    @property
    def width(self) -> int:
        """Pixels across."""
        return _LEFT + max(self.heads) * (self.cell + _GAP) - _GAP + _RIGHT

    @property
    def height(self) -> int:
        """Pixels down."""
        return self.top + len(self.heads) * (self.cell + _GAP + _MARK) - _GAP + _BOTTOM

    @property
    def marks_above(self) -> float:
        """How far the marks of a map stand out above it, in fractions of its height."""
        return (_MARK + 4) / self.cell

    def origin(self, layer: int, head: int) -> tuple[int, int]:
        """Pixel (x, y) of the top left corner of one map."""
        return _LEFT + head * (self.cell + _GAP), self.top + _MARK + layer * (self.cell + _GAP + _MARK)

    def box(self, layer: int, head: int) -> Box:
        """The rectangle of one map, in fractions of the atlas."""
        x, y = self.origin(layer, head)
        return Box(x / self.width, y / self.height, self.cell / self.width, self.cell / self.height)

    def at(self, x: float, y: float) -> tuple[int, int] | None:
        """Which map lies at a point.

        Args:
            x: from the left edge, in widths of the atlas.
            y: from the top edge, in heights of the atlas.

        Returns:
            Its (layer, head), or `None` between cells.
        """
        across, down = x * self.width - _LEFT, y * self.height - self.top - _MARK
        head, from_left = divmod(across, self.cell + _GAP)
        layer, from_top = divmod(down, self.cell + _GAP + _MARK)
        if from_left >= self.cell or from_top >= self.cell or not 0 <= layer < len(self.heads):
            return None
        return (int(layer), int(head)) if 0 <= head < self.heads[int(layer)] else None


def atlas_geometry(trace: AttentionTrace, largest: int = 112, width: int = 1024) -> AtlasGeometry:
    """Lay out all maps of an input.

    Args:
        trace: the maps, for each layer `[heads, queries, keys]`.
        largest: the most pixels along the side of a cell; 112 by default.
        width: pixels that the widest layer should about fit into; 1024 by default.
    """
    heads = tuple(int(layer.shape[0]) for layer in trace.maps)
    keys = max(int(layer.shape[-1]) for layer in trace.maps)
    room = min(largest, max(40, width // max(heads) - _GAP))
    # Whole pixels per column, or whole columns per pixel: otherwise some columns would look wider than others.
    cell = keys * (room // keys) if keys <= room else -(-keys // -(-keys // room))
    return AtlasGeometry(heads, max(cell, 24))


def draw_atlas(trace: AttentionTrace, flags: Flags) -> np.ndarray:
    """Draw all maps of an input on one colour scale (square root, so that faint attention shows).

    A map with flagged columns gets a frame of two lines, and a triangle that points at each flagged column from above.

    Args:
        trace: the maps, for each layer `[heads, queries, keys]`.
        flags: the columns to mark.

    Returns:
        `uint8 [height, width, 3]`.

    Example:
        >>> import atpatch_core as atpatch
        >>> from pathlib import Path
        >>> subject = atpatch.load("sample_models/fashion-vit-badnets")
        >>> image = subject.read(Path("assets/samples/bag-triggered.png").read_bytes())
        >>> found = atpatch.inspect(subject, image)
        >>> draw_atlas(found.original.trace, found.flags).dtype
        dtype('uint8')
    """
    geometry = atlas_geometry(trace)
    maps = [layer.detach().cpu().float().numpy() for layer in trace.maps]
    brightest = max((float(layer.max()) for layer in maps if layer.size), default=0.0) or 1.0
    colours = attention_colours()
    canvas = np.full((geometry.height, geometry.width, 3), _PANEL, dtype=np.uint8)
    for layer, attention in enumerate(maps):
        for head, weights in enumerate(attention):
            x, y = geometry.origin(layer, head)
            shade = np.sqrt(_fit(weights, geometry.cell) / brightest)
            canvas[y : y + geometry.cell, x : x + geometry.cell] = colours[(shade * 255).round().astype(np.uint8)]
    image = Image.fromarray(canvas)
    _label(image, geometry)
    for layer, flagged in enumerate(flags.flagged):
        for head, row in enumerate(flagged.cpu().numpy()):
            if row.any():
                _mark(image, geometry, layer, head, np.flatnonzero(row).tolist(), len(row))
    return np.asarray(image)


def flagged_in(flags: Flags, layer: int, head: int) -> int:
    """How many columns of one head are redistributed.

    Args:
        flags: the flags of one input.
        layer: number of the layer.
        head: number of the head.
    """
    return int(flags.flagged[layer][head].sum())


def _fit(attention: np.ndarray, cell: int) -> np.ndarray:
    """One map `[queries, keys]` as `[cell, cell]`: the maximum of what falls together, so that no column is lost."""
    fitted = attention
    for axis in (0, 1):
        length = fitted.shape[axis]
        if length > cell:
            starts = np.arange(cell) * length // cell
            fitted = np.maximum.reduceat(fitted, starts, axis=axis)
        else:
            fitted = np.take(fitted, np.arange(cell) * length // cell, axis=axis)
    return fitted


def _label(image: Image.Image, geometry: AtlasGeometry) -> None:
    draw = ImageDraw.Draw(image)
    font, line = ImageFont.load_default(geometry.font), geometry.font * 0.65
    for head in range(max(geometry.heads)):
        x, _ = geometry.origin(0, head)
        name = f"head {head}" if geometry.cell >= 4.5 * geometry.font else f"H{head}"
        draw.text((x + geometry.cell / 2, geometry.top / 2 - 1), name, fill=_TEXT, font=font, anchor="mm")
    for layer in range(len(geometry.heads)):
        _, y = geometry.origin(layer, 0)
        if geometry.cell >= 48:
            draw.text((_LEFT / 2, y + geometry.cell / 2 - line), "layer", fill=_TEXT, font=font, anchor="mm")
            draw.text((_LEFT / 2, y + geometry.cell / 2 + line), str(layer), fill=_TEXT, font=font, anchor="mm")
        else:
            draw.text((_LEFT / 2, y + geometry.cell / 2), f"L{layer}", fill=_TEXT, font=font, anchor="mm")


def _mark(
    image: Image.Image, geometry: AtlasGeometry, layer: int, head: int, columns: Sequence[int], keys: int
) -> None:
    draw = ImageDraw.Draw(image)
    x, y = geometry.origin(layer, head)
    end = geometry.cell - 1
    draw.rectangle((x - 1, y - 1, x + end + 1, y + end + 1), outline=DARK)
    draw.rectangle((x - 3, y - 3, x + end + 3, y + end + 3), outline=FLAGGED, width=2)
    for column in columns:
        tip = x + (column + 0.5) * geometry.cell / keys
        draw.polygon([(tip - 5, y - _MARK - 2), (tip + 5, y - _MARK - 2), (tip, y - 1)], fill=FLAGGED, outline=DARK)
