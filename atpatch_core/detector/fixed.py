"""A detector that is not trained: it flags the same columns whatever the input."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .reference import ReferenceKind, benign_reference


@dataclass(frozen=True)
class FixedColumns:
    """Flags the same columns in every head of some layers (see `ColumnDetector`).

    Attributes:
        layers: how many attention layers the model has.
        watched: numbers of the layers in which columns are flagged.
        keys: numbers of the columns.
        reference: how much attention they keep; nothing by default.
        benign_means: for each layer `[heads, queries, keys]`; only the reference "mean" needs them.
        threshold: between the scores 0 and 1 of the other columns and of these; 0.5 by default.
    """

    layers: int
    watched: tuple[int, ...]
    keys: tuple[int, ...]
    reference: ReferenceKind = "zero"
    benign_means: tuple[Tensor, ...] = ()
    threshold: float = 0.5

    def score(self, layer: int, attention: Tensor, key_valid: Tensor, query_valid: Tensor) -> Tensor:
        """1 for the fixed columns, 0 for all others and for padding (see `ColumnDetector`)."""
        scores = attention.new_zeros(attention.shape[0], attention.shape[1], attention.shape[3])
        scores[:, :, list(self.keys)] = 1.0
        return scores * key_valid[:, None]

    def benign(self, layer: int, attention: Tensor, key_valid: Tensor) -> Tensor:
        """The attention a flagged column may keep (see `ColumnDetector`)."""
        mean = self.benign_means[layer] if self.benign_means else torch.zeros(())
        return benign_reference(self.reference, attention, key_valid, mean)
