"""A model whose every answer is known: the class of an image is its top left pixel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from atpatch_core.layout import Layout
from atpatch_core.subjects.subject import Subject


class _FirstPixel(nn.Module):
    def forward(self, pixels: Tensor) -> SimpleNamespace:
        return SimpleNamespace(logits=nn.functional.one_hot(pixels[:, 0, 0].long().clamp(max=3), 4).float())


class _Adapter:
    kind = "image"

    def read(self, content: bytes) -> Image.Image:
        raise NotImplementedError

    def write(self, one: Image.Image) -> bytes:
        raise NotImplementedError

    def encode(self, inputs: Sequence[Image.Image]) -> dict[str, Tensor]:
        return {"pixels": torch.from_numpy(np.stack([np.asarray(image) for image in inputs]))}

    def layout(self, one: Image.Image, keys: int) -> Layout:
        raise NotImplementedError


SUBJECT = Subject("first-pixel", Path(), _FirstPixel(), _Adapter(), ("a", "b", "c", "d"), None, "")
