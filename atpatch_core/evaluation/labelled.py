"""What an evaluation needs of labelled data, whatever their kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np


class Labelled(Protocol):
    """Inputs as the subject's adapter reads them, and the numbers of their classes, `int64 [n]`."""

    @property
    def inputs(self) -> Sequence[Any]:
        """The inputs, in order."""
        ...

    @property
    def labels(self) -> np.ndarray:
        """Their classes, `int64 [n]`."""
        ...

    def __len__(self) -> int:
        """How many there are."""
        ...

    def take(self, index: np.ndarray) -> Labelled:
        """Those at `index` (`int64 [size]`), in that order."""
        ...


def drawn(data: Labelled, count: int, seed: int = 0) -> Labelled:
    """`count` of the inputs at random, in their order: files are often sorted by class, and so the first are alike."""
    return data.take(np.sort(np.random.default_rng(seed).permutation(len(data))[:count]))
