"""Attention by hand: scores that become rows, and one row that is redistributed step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..redistribution import redistribute


def rows_from_scores(scores: np.ndarray) -> np.ndarray:
    """The attention map of raw scores: the softmax of every row.

    Args:
        scores: float64 `[queries, keys]`.

    Returns:
        float64 `[queries, keys]`; rows sum to 1.

    Example:
        >>> rows_from_scores(np.array([[0.0, 0.0]])).tolist()
        [[0.5, 0.5]]
    """
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: np.ndarray = raised / raised.sum(axis=-1, keepdims=True)
    return shares


@dataclass(frozen=True)
class RepairedRow:
    """One row of a map before and after redistribution.

    Attributes:
        before: `[keys]`, summing to 1.
        after: `[keys]`, summing to 1.
        flagged: `[keys]`.
        left: how much the flagged columns leave to the others.
        held: how much the others had.
        factor: `left / held`, by which the others are scaled; `None` if nothing is flagged, or there is nothing to
            scale.
    """

    before: tuple[float, ...]
    after: tuple[float, ...]
    flagged: tuple[bool, ...]
    left: float
    held: float
    factor: float | None


def repair_row(before: Sequence[float], flagged: Sequence[bool], benign: float) -> RepairedRow:
    """Redistribute one row by the library's own formula.

    Args:
        before: the row, `[keys]`, summing to 1.
        flagged: which columns to redistribute, `[keys]`.
        benign: how much attention each flagged column may keep, 0 to 1.

    Raises:
        ValueError: `benign` is outside 0 to 1.

    Example:
        >>> row = repair_row([0.6, 0.3, 0.1], [True, False, False], benign=0.2)
        >>> [round(value, 3) for value in row.after], round(row.factor, 3)
        ([0.2, 0.6, 0.2], 2.0)
    """
    row = torch.tensor(before, dtype=torch.float64)[None, None, None]
    after = redistribute(row, torch.tensor(flagged)[None, None], torch.tensor(benign, dtype=torch.float64))
    values = tuple(float(value) for value in after[0, 0, 0])
    left = 1.0 - sum(value for value, hit in zip(values, flagged, strict=True) if hit)
    held = sum(value for value, hit in zip(before, flagged, strict=True) if not hit)
    scaled = any(flagged) and not all(flagged) and held > 0
    return RepairedRow(tuple(before), values, tuple(flagged), left, held, left / held if scaled else None)
