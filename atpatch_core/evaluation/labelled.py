"""Labelled data of any kind: inputs, their true classes, and which rows of the file are not among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

import numpy as np

from ..files.kept import LeftOut

Input = TypeVar("Input")


@dataclass(frozen=True)
class LabelledInputs(Generic[Input]):
    """Labelled inputs.

    Attributes:
        inputs: as the subject's adapter reads them.
        labels: numbers of their classes, int64 `[n]`.
        left_out: which rows or files are not among them; none by default.
    """

    inputs: list[Input]
    labels: np.ndarray
    left_out: tuple[LeftOut, ...] = ()

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, index: np.ndarray) -> Self:
        """Those at `index` (`int64 [size]`), in that order."""
        return type(self)([self.inputs[place] for place in index.tolist()], self.labels[index])


Labelled = LabelledInputs[Any]


def drawn(data: Labelled, count: int, seed: int = 0) -> Labelled:
    """Some of the inputs at random, in their order: files are often sorted by class, and so the first are alike.

    Args:
        data: labelled inputs.
        count: how many to draw; all if there are fewer.
        seed: of the draw; 0 by default.
    """
    return data.take(np.sort(np.random.default_rng(seed).permutation(len(data))[:count]))
