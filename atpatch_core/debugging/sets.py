"""A debugging set: clean inputs, and the same inputs with something on them that may hijack attention."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ImageDebuggingSet:
    """Pairs of images, each clean and with a trigger.

    Attributes:
        clean: uint8 `[n, height, width, channels]`.
        triggered: the same images with a trigger on them.
        covered: which patches of each triggered image carry a part of the trigger, row by row, bool `[n, rows *
            columns]`.
        origin: where the triggers come from.
    """

    clean: np.ndarray
    triggered: np.ndarray
    covered: np.ndarray
    origin: str

    def __len__(self) -> int:
        return len(self.clean)

    def __getitem__(self, part: slice) -> ImageDebuggingSet:
        """Some of the pairs."""
        return ImageDebuggingSet(self.clean[part], self.triggered[part], self.covered[part], self.origin)


def joined_images(first: ImageDebuggingSet, other: ImageDebuggingSet) -> ImageDebuggingSet:
    """The pairs of both; those in both count twice."""
    return ImageDebuggingSet(
        np.concatenate([first.clean, other.clean]),
        np.concatenate([first.triggered, other.triggered]),
        np.concatenate([first.covered, other.covered]),
        first.origin if other.origin == first.origin else f"{first.origin}; {other.origin}",
    )


def covered_patches(pixels: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """Which patches hold any of the marked pixels.

    Args:
        pixels: bool `[height, width]`.
        grid: rows and columns of patches.

    Returns:
        bool `[rows * columns]`, row by row.

    Example:
        >>> pixels = np.zeros((4, 4), bool)
        >>> pixels[3, 3] = True
        >>> covered_patches(pixels, (2, 2))
        array([False, False, False,  True])
    """
    rows, columns = grid
    height, width = pixels.shape[0] // rows, pixels.shape[1] // columns
    tiles = pixels[: rows * height, : columns * width].reshape(rows, height, columns, width)
    hit: np.ndarray = tiles.any(axis=(1, 3)).reshape(-1)
    return hit


def moved_copies(images: np.ndarray) -> np.ndarray:
    """Images `uint8 [n, height, width, channels]` as they are, mirrored, and each shifted by a pixel in all directions.

    Eighteen times as many: a few hundred clean images say little about a false alarm in a thousand.
    """
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    height, width = images.shape[1:3]
    shifts = [(1, 1), *((row, column) for row in range(3) for column in range(3) if (row, column) != (1, 1))]
    copies = [padded[:, row : row + height, column : column + width] for row, column in shifts]
    return np.concatenate([*copies, *(copy[:, :, ::-1] for copy in copies)])
