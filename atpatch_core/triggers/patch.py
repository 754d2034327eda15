"""Backdoor triggers that can be stamped on images.

BadNets (Gu et al., arXiv 1708.06733): a small patch of pixels, pasted on a few per cent of the training images
together with the attacker's label, makes the trained model answer with that label whenever the patch is there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PATTERNS = ("checkerboard", "inverse-checkerboard", "white", "stripes", "diagonals", "cross", "noise")


def pattern_pixels(name: str, size: int, seed: int = 0) -> np.ndarray:
    """Draw a trigger pattern.

    Args:
        name: one of `PATTERNS`.
        size: pixels of its side.
        seed: decides the pixels of "noise", and nothing else; 0 by default.

    Returns:
        `uint8 [size, size]`, 0 or 255.

    Raises:
        ValueError: there is no such pattern.

    Example:
        >>> pattern_pixels("checkerboard", 3).tolist()
        [[255, 0, 255], [0, 255, 0], [255, 0, 255]]
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
    """Write a pattern into an image, in place.

    Args:
        image: `uint8 [height, width, channels]`, which is changed.
        pixels: `uint8 [size, size]`, written to every channel.
        row: pixel row of the pattern's top edge.
        column: pixel column of its left edge.
    """
    height, width = pixels.shape
    image[row : row + height, column : column + width] = pixels[:, :, None]


@dataclass(frozen=True)
class PatchTrigger:
    """A BadNets patch: one square pattern, at a fixed or a random place.

    Attributes:
        target: number of the class the attacker wants.
        size: pixels of its side.
        pattern: one of `PATTERNS`.
        row: pixel row of its top edge; `None` for a random one in every image.
        column: pixel column of its left edge; `None` for a random one in every image.
        pattern_seed: decides the pixels of the pattern "noise".
        step: random places are multiples of so many pixels; an attacker who knows the model's patches keeps to them.

    Source:
        BadNets, arXiv 1708.06733.

    Example:
        >>> trigger = PatchTrigger(target=0, size=2, pattern="white", row=0, column=1)
        >>> trigger.apply(np.zeros((1, 3, 3, 1), dtype=np.uint8))[0, :, :, 0].tolist()
        [[0, 255, 255], [0, 255, 255], [0, 0, 0]]
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
        """Stamp the trigger on images.

        Args:
            images: `uint8 [n, height, width, channels]`, left as they are.
            seed: decides random places; 0 by default.

        Returns:
            Copies that carry the trigger, of the same shape.

        Raises:
            ValueError: the images are smaller than `least_side`.
        """
        return self.apply_with_places(images, seed)[0]

    def apply_with_places(self, images: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Stamp the trigger on images, and say where.

        Args:
            images: `uint8 [n, height, width, channels]`, left as they are.
            seed: decides random places; 0 by default.

        Returns:
            Copies that carry the trigger, and the pixel row and column of each patch, `int64 [n, 2]`.

        Raises:
            ValueError: the images are smaller than `least_side`.
        """
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
