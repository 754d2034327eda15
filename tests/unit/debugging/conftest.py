"""A classifier with a back door that is known: class 1 wherever the two by two pixels in a corner are bright."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from atpatch_core.debugging.pixel_space import PixelSpace
from atpatch_core.subjects.subject import Subject

from .taught import taught_subject


class CornerModel(nn.Module):
    """Three classes: 0 for everything, 1 for a bright bottom right corner, 2 for nothing at all."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(30.0))

    def forward(self, pixel_values: Tensor) -> SimpleNamespace:
        """Logits `[n, 3]` for `[n, 1, 8, 8]` in 0..1."""
        corner = pixel_values[:, 0, 6:, 6:].mean(dim=(1, 2))
        zero = torch.zeros_like(corner)
        return SimpleNamespace(logits=torch.stack([zero, self.weight * (corner - 0.8), zero - 20], 1))


@pytest.fixture
def corner_model() -> CornerModel:
    """The classifier."""
    return CornerModel()


@pytest.fixture
def space() -> PixelSpace:
    """Grey images of 8 by 8 pixels in 4 by 4 patches, taken as they are."""
    one = torch.ones(1, 1, 1)
    return PixelSpace(mean=0 * one, deviation=one, height=8, width=8, grid=(4, 4), special=1)


@pytest.fixture
def dark_images() -> np.ndarray:
    """Sixty images without anything bright, uint8 `[60, 8, 8, 1]`."""
    return np.random.default_rng(0).integers(0, 120, (60, 8, 8, 1), dtype=np.uint8)


@pytest.fixture(scope="session")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    """A tiny text model with a backdoor."""
    return taught_subject(tmp_path_factory.mktemp("taught"))
