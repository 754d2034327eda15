"""Backdoor triggers that can be stamped on images.

BadNets (Gu et al., arXiv 1708.06733): a small patch of pixels, pasted on a few per cent of the training images
together with the attacker's label, makes the trained model answer with that label whenever the patch is there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PATTERNS = ("checkerboard", "inverse-checkerboard", "white", "stripes", "diagonals", "cross", "noise")


def pattern_pixels(name: str, size: int, seed: int = 0) -> np.ndarray:
    """Draw a trigger pattern as 0/255 pixels, `uint8 [size, size]`.

    Raises `ValueError` for a name outside `PATTERNS`.
    """
    row, column = np.indices((size, size))
    if name == "checkerboard":
        bright = (row + column) % 2 == 0
    elif name == "inverse-checkerboard":
        bright = (row + column) % 2 == 1
    elif name == "white":
        bright = np.ones((size, size), dtype=bool)
    elif name == "stripes":
        bright = row % 2 == 0
    elif name == "diagonals":
        bright = (row + column) % 3 == 0
    elif name == "cross":
        bright = (row == column) | (row + column == size - 1)
    elif name == "noise":
        bright = np.random.default_rng(seed).random((size, size)) < 0.5
    else:
        raise ValueError(f"Unknown trigger pattern {name!r}; choose one of {', '.join(PATTERNS)}.")
    return np.where(bright, 255, 0).astype(np.uint8)


def paste(image: np.ndarray, pixels: np.ndarray, row: int, column: int) -> None:
    """Write `pixels` `uint8 [size, size]` into `image` `uint8 [height, width, channels]` from (row, column) on."""
    height, width = pixels.shape
    image[row : row + height, column : column + width] = pixels[:, :, None]


@dataclass(frozen=True)
class PatchTrigger:
    """A BadNets patch: `size` x `size` pixels at (`row`, `column`), measured in pixels from the top left.

    `row` and `column` of `None` mean a random place for every image, at a multiple of `step` pixels from its edges: an
    attacker who knows the model's patches keeps to them. `target` is the class the attacker wants.
    """

    target: int
    size: int = 4
    pattern: str = "checkerboard"
    row: int | None = None
    column: int | None = None
    pattern_seed: int = 0
    step: int = 1

    @property
    def least_side(self) -> int:
        """The smallest height and width, in pixels, that an image must have to carry the trigger."""
        return max((self.row or 0) + self.size, (self.column or 0) + self.size)

    def apply(self, images: np.ndarray, seed: int = 0) -> np.ndarray:
        """Return copies of `images` (`uint8 [n, height, width, channels]`) that carry the trigger."""
        return self.apply_with_places(images, seed)[0]

    def apply_with_places(self, images: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Like `apply`, and also return where each patch went: `int64 [n, 2]` pixel rows and columns."""
        count, height, width, _ = images.shape
        if self.least_side > min(height, width):
            raise ValueError(f"The trigger needs images of {self.least_side} pixels, these are {height}x{width}.")
        rng = np.random.default_rng(seed)
        rows = self._random(rng, height, count) if self.row is None else np.full(count, self.row)
        columns = self._random(rng, width, count) if self.column is None else np.full(count, self.column)
        pixels = pattern_pixels(self.pattern, self.size, self.pattern_seed)
        stamped = images.copy()
        for image, row, column in zip(stamped, rows, columns, strict=True):
            paste(image, pixels, int(row), int(column))
        return stamped, np.stack([rows, columns], axis=1)

    def _random(self, rng: np.random.Generator, side: int, count: int) -> np.ndarray:
        return self.step * rng.integers(0, (side - self.size) // self.step + 1, count)
