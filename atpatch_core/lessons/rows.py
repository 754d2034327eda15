"""Attention by hand: scores that become rows, and one row that is redistributed step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..redistribution import redistribute


def rows_from_scores(scores: np.ndarray) -> np.ndarray:
    """The attention map `float64 [queries, keys]` of raw scores of the same shape: the softmax of every row."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: np.ndarray = raised / raised.sum(axis=-1, keepdims=True)
    return shares


@dataclass(frozen=True)
class RepairedRow:
    """One row of a map before and after; all `[keys]`, and both rows sum to 1.

    `left` is what the flagged columns leave to the others, `held` what the others had, and `factor` their quotient.
    `factor` is `None` where it does not apply: nothing is flagged, or there is nothing to scale.
    """

    before: tuple[float, ...]
    after: tuple[float, ...]
    flagged: tuple[bool, ...]
    left: float
    held: float
    factor: float | None


def repair_row(before: Sequence[float], flagged: Sequence[bool], benign: float) -> RepairedRow:
    """Redistribute one row, `[keys]`, by the library's own formula: each flagged column may keep `benign`.

    Raises `ValueError` when `benign` is not between 0 and 1.
    """
    row = torch.tensor(before, dtype=torch.float64)[None, None, None]
    after = redistribute(row, torch.tensor(flagged)[None, None], torch.tensor(benign, dtype=torch.float64))
    values = tuple(float(value) for value in after[0, 0, 0])
    left = 1.0 - sum(value for value, hit in zip(values, flagged, strict=True) if hit)
    held = sum(value for value, hit in zip(before, flagged, strict=True) if not hit)
    scaled = any(flagged) and not all(flagged) and held > 0
    return RepairedRow(tuple(before), values, tuple(flagged), left, held, left / held if scaled else None)
