"""A debugging set: clean inputs, and the same inputs with something on them that may hijack attention."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..triggers import PatchTrigger, paste, pattern_pixels


@dataclass(frozen=True)
class ImageDebuggingSet:
    """Pairs of images `uint8 [n, height, width, channels]`.

    `boxes` (`int64 [n, 4]`) are the changed pixels of each pair: row, column, height, width. `origin` says where the
    triggers come from.
    """

    clean: np.ndarray
    triggered: np.ndarray
    boxes: np.ndarray
    origin: str

    def __len__(self) -> int:
        return len(self.clean)


def altered_known_trigger(clean: np.ndarray, trigger: PatchTrigger, seed: int) -> ImageDebuggingSet:
    """Pairs for a defender who knows roughly what the trigger looks like, but never uses it as it is.

    One quarter carries a pattern (the trigger's, or random pixels) at a random place; another, at the trigger's place,
    its pattern with a tenth to a half of the pixels inverted; the rest, at its place, its pattern with a tenth to a
    half of its contrast taken away and noise added. A model need not react to all of them: those it does not react to
    teach what is harmless. The exact trigger at its own place never occurs.
    """
    rng = np.random.default_rng(seed)
    count, height, width, _ = clean.shape
    size = trigger.size
    triggered, boxes = clean.copy(), np.zeros((count, 4), dtype=np.int64)
    for index in range(count):
        pixels = pattern_pixels(trigger.pattern, size, trigger.pattern_seed)
        if trigger.row is None or trigger.column is None or index % 4 == 0:
            row, column = int(rng.integers(0, height - size + 1)), int(rng.integers(0, width - size + 1))
            if (row, column) == (trigger.row, trigger.column) or rng.random() < 0.5:
                pixels = _invert(pixels, rng, 0.5)
        else:
            row, column = trigger.row, trigger.column
            pixels = _invert(pixels, rng, rng.uniform(0.1, 0.5)) if index % 4 == 1 else _fade(pixels, rng)
        paste(triggered[index], pixels, row, column)
        boxes[index] = row, column, size, size
    return ImageDebuggingSet(clean, triggered, boxes, "the known trigger at random places and with altered pixels")


def _invert(pixels: np.ndarray, rng: np.random.Generator, share: float) -> np.ndarray:
    chosen = rng.random(pixels.shape) < share
    if not chosen.any():
        chosen.flat[rng.integers(chosen.size)] = True
    return np.where(chosen, 255 - pixels, pixels).astype(np.uint8)


def _fade(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    faded = 127.5 + (pixels - 127.5) * rng.uniform(0.5, 0.9)
    return (faded + rng.normal(0, rng.uniform(0, 30), pixels.shape)).clip(0, 255).round().astype(np.uint8)


def covered_patches(boxes: np.ndarray, grid: tuple[int, int], height: int, width: int) -> np.ndarray:
    """Which patches of `grid` each box touches, bool `[n, rows * columns]`, row by row."""
    rows, columns = grid
    patch_height, patch_width = height / rows, width / columns
    top, left = np.arange(rows) * patch_height, np.arange(columns) * patch_width
    row_hit = (boxes[:, :1] < top + patch_height) & (boxes[:, :1] + boxes[:, 2:3] > top)
    column_hit = (boxes[:, 1:2] < left + patch_width) & (boxes[:, 1:2] + boxes[:, 3:4] > left)
    hit: np.ndarray = row_hit[:, :, None] & column_hit[:, None, :]
    return hit.reshape(len(boxes), -1)
