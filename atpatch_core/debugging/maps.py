"""The attention maps of many inputs of one size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from ..attention import capture
from ..subjects.subject import Subject


def maps_of(subject: Subject, inputs: Sequence[Any], at_once: int, layers: Iterable[int] | None = None) -> list[Tensor]:
    """The maps of many inputs.

    Args:
        subject: the model.
        inputs: images or records, at least one, and all of one size.
        at_once: how many inputs to run in one forward pass.
        layers: numbers of the layers; all by default.

    Returns:
        For each of the layers `[n, heads, queries, keys]`.
    """
    maps = []
    for start in range(0, len(inputs), at_once):
        with torch.no_grad(), capture(subject.model, layers) as kept:
            subject.model(**subject.encode(list(inputs[start : start + at_once])))
        maps.append(kept.layers)
    return [torch.cat(parts) for parts in zip(*maps, strict=True)]
