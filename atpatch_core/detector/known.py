"""Columns that are known in advance, input by input: for causal tests, and as the bound no detector can beat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from .contract import ColumnDetector
from .reference import ReferenceKind, benign_reference


@dataclass(frozen=True)
class KnownColumns:
    """Flags exactly `flagged[layer]` (bool `[batch, heads, keys]`) in a model of `layers` layers.

    It belongs to one batch: the rows of `flagged` are the inputs of the next forward. `benign_means[i]` is
    `[heads, queries, keys]` for layer `i`; only the reference "mean" needs it.
    """

    layers: int
    flagged: Mapping[int, Tensor]
    reference: ReferenceKind = "zero"
    benign_means: tuple[Tensor, ...] = ()
    threshold: float = 0.5

    @property
    def watched(self) -> tuple[int, ...]:
        """The layers with known columns."""
        return tuple(sorted(self.flagged))

    def score(self, layer: int, attention: Tensor, key_valid: Tensor, query_valid: Tensor) -> Tensor:
        """1 for the known columns, 0 for all others and for padding, `[batch, heads, keys]`."""
        scores: Tensor = self.flagged[layer].to(attention.dtype) * key_valid[:, None]
        return scores

    def benign(self, layer: int, attention: Tensor, key_valid: Tensor) -> Tensor:
        """The attention a flagged column may keep, broadcastable to `attention`."""
        mean = self.benign_means[layer] if self.benign_means else torch.zeros(())
        return benign_reference(self.reference, attention, key_valid, mean)


@dataclass(frozen=True)
class Carried:
    """Flags the same `columns` (bool `[batch, keys]`) in every head of `watched` layers; benign as in `detector`."""

    detector: ColumnDetector
    columns: Tensor
    watched: tuple[int, ...]
    threshold: float = 0.5

    @property
    def layers(self) -> int:
        """As many as the detector's model has."""
        return self.detector.layers

    def score(self, layer: int, attention: Tensor, key_valid: Tensor, query_valid: Tensor) -> Tensor:
        """1 for the columns, 0 for all others and for padding, `[batch, heads, keys]`."""
        chosen = (self.columns & key_valid).to(attention.dtype)
        return chosen[:, None].expand(-1, attention.shape[1], -1)

    def benign(self, layer: int, attention: Tensor, key_valid: Tensor) -> Tensor:
        """The attention a flagged column may keep, broadcastable to `attention`."""
        return self.detector.benign(layer, attention, key_valid)
