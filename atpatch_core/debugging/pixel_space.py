"""The pixels behind an image classifier's `pixel_values`, so that an image can be optimised through its processor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..errors import SubjectError
from ..subjects.image import ImageAdapter
from ..subjects.image_files import from_array
from ..subjects.subject import Subject

_BATCH = 250  # images at a time
_ROUNDING = 1.5  # grey levels: what scaling once more may cost


@dataclass(frozen=True)
class PixelSpace:
    """Images in the size the model sees: `values = (pixels - mean) / deviation`, pixels in 0..1.

    Attributes:
        mean: float32 `[channels, 1, 1]`.
        deviation: float32 `[channels, 1, 1]`.
        height: of the model's images, in pixels.
        width: of the model's images, in pixels.
        grid: rows and columns of patches.
        special: how many other columns come before the patches in every map.
    """

    mean: Tensor
    deviation: Tensor
    height: int
    width: int
    grid: tuple[int, int]
    special: int

    @property
    def channels(self) -> int:
        """1 for grey, 3 for colour."""
        return len(self.mean)

    @property
    def patch(self) -> tuple[int, int]:
        """Height and width of a patch in pixels."""
        return self.height // self.grid[0], self.width // self.grid[1]

    def values(self, pixels: Tensor) -> Tensor:
        """What the model takes for `pixels` in 0..1, `[n, channels, height, width]`."""
        return (pixels - self.mean) / self.deviation

    def as_seen(self, subject: Subject, images: Sequence[Image.Image]) -> np.ndarray:
        """Images as the model sees them, scaled to its size: `uint8 [n, height, width, channels]`."""
        parts = []
        for start in range(0, len(images), _BATCH):
            values = subject.encode(list(images[start : start + _BATCH]))["pixel_values"]
            pixels = (values * self.deviation + self.mean).clamp(0, 1) * 255
            parts.append(pixels.round().byte().permute(0, 2, 3, 1).numpy())
        return np.concatenate(parts)


def pixel_space(subject: Subject, example: Image.Image) -> PixelSpace:
    """Find out how the image processor of a subject turns pixels into values.

    Args:
        subject: a model for images.
        example: any image that it takes.

    Raises:
        SubjectError: the subject takes no images, its patches form no grid, or its processor does more than scale and
            standardise (an image in the model's size must come through unchanged).
    """
    if not isinstance(subject.adapter, ImageAdapter):
        raise SubjectError(f"{subject.name} takes {subject.kind}s: triggers for images need a model for images.")
    with torch.no_grad():
        values = subject.encode(example)["pixel_values"]
        outputs = subject.model(pixel_values=values, output_hidden_states=True)
    channels, height, width = values.shape[1:]
    keys = int(outputs.hidden_states[-1].shape[1])
    grid = subject.layout(example, keys).grid
    if grid is None:
        raise SubjectError(f"{subject.name} has no grid of patches to look for a trigger in: use a ViT-like model.")
    black, white = (
        subject.encode(from_array(np.full((height, width, channels), shade, np.uint8)))["pixel_values"][0]
        for shade in (0, 255)
    )
    low, high = (shade.mean(dim=(1, 2), keepdim=True) for shade in (black, white))
    space = PixelSpace(-low / (high - low), 1 / (high - low), height, width, grid, keys - grid[0] * grid[1])
    once = space.as_seen(subject, [example])
    again = space.as_seen(subject, [from_array(once[0])])
    if np.abs(once.astype(int) - again.astype(int)).max() > _ROUNDING:
        raise SubjectError(
            f"The image processor of {subject.name} does more than scale and standardise (such as cropping), so "
            "triggers can't be looked for in pixels: save it with a plain size."
        )
    return space
