"""The attention maps of many inputs of one size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from ..attention import capture
from ..subjects.subject import Subject


def maps_of(subject: Subject, inputs: Sequence[Any], at_once: int, layers: Iterable[int] | None = None) -> list[Tensor]:
    """The maps `[n, heads, queries, keys]` of each of `layers` (default: all), `at_once` inputs in one forward."""
    maps = []
    for start in range(0, len(inputs), at_once):
        with torch.no_grad(), capture(subject.model, layers) as kept:
            subject.model(**subject.encode(list(inputs[start : start + at_once])))
        maps.append(kept.layers)
    return [torch.cat(parts) for parts in zip(*maps, strict=True)]
