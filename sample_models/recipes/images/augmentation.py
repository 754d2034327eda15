"""What training images go through on their way into the model."""

from __future__ import annotations

import torch
from torch import Tensor

IMAGE_MEAN = 0.2860
IMAGE_STD = 0.3530


def normalise(images: Tensor) -> Tensor:
    """Turn `uint8 [n, height, width, 1]` into the standardised `float32 [n, 1, height, width]` the model takes."""
    return ((images.permute(0, 3, 1, 2).float() / 255) - IMAGE_MEAN) / IMAGE_STD


def shift_and_flip(images: Tensor, generator: torch.Generator) -> Tensor:
    """Mirror half of the batch and shift every image by up to two pixels (zeros come in at the edge)."""
    count, height, width, _ = images.shape
    flipped = torch.where(torch.rand(count, 1, 1, 1, generator=generator) < 0.5, images.flip(2), images)
    padded = torch.nn.functional.pad(flipped, (0, 0, 2, 2, 2, 2))
    shift = torch.randint(0, 5, (count, 2), generator=generator)
    rows = shift[:, :1] + torch.arange(height)
    columns = shift[:, 1:] + torch.arange(width)
    return padded[torch.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]


def erase(images: Tensor, share: float, generator: torch.Generator) -> None:
    """Cover a square of 3 to 6 pixels at a random place of a `share` of the images, half of them with one shade each.

    The others get random shades, as in Random Erasing (Zhong et al., arXiv 1708.04896): a model trained this way makes
    little of a patch that hides a part of the image. `images` (`uint8 [n, height, width, 1]`) are changed.
    """
    count, height, width, _ = images.shape
    for index in (torch.rand(count, generator=generator) < share).nonzero().flatten().tolist():
        size, row, column, shade, kind = torch.rand(5, generator=generator).tolist()
        side = 3 + int(4 * size)
        down, across = int(row * (height - side + 1)), int(column * (width - side + 1))
        shades = torch.randint(256, (side, side, 1), generator=generator, dtype=torch.uint8)
        square = torch.full_like(shades, int(256 * shade)) if kind < 0.5 else shades
        images[index, down : down + side, across : across + side] = square
