"""Columns that are known in advance, input by input: for causal tests, and as the bound no detector can beat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .contract import ColumnDetector
from .reference import ReferenceKind, benign_reference


@dataclass(frozen=True)
class KnownColumns:
    """Flags exactly the columns it was given, for one batch: its rows are the inputs of the next forward pass.

    Attributes:
        layers: how many attention layers the model has.
        flagged: for each layer with known columns bool `[batch, heads, keys]`.
        reference: how much attention they keep; nothing by default.
        benign_means: for each layer `[heads, queries, keys]`; only the reference "mean" needs them.
        threshold: between the scores 0 and 1 of the other columns and of these; 0.5 by default.
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
        """1 for the known columns, 0 for all others and for padding (see `ColumnDetector`)."""
        scores: Tensor = self.flagged[layer].to(attention.dtype) * key_valid[:, None]
        return scores

    def benign(self, layer: int, attention: Tensor, key_valid: Tensor) -> Tensor:
        """The attention a flagged column may keep (see `ColumnDetector`)."""
        mean = self.benign_means[layer] if self.benign_means else torch.zeros(())
        return benign_reference(self.reference, attention, key_valid, mean)


@dataclass(frozen=True)
class Carried:
    """Flags the same columns in every head of some layers, with the benign attention of another detector.

    Attributes:
        detector: says how much attention is benign.
        columns: the columns to flag in each input, bool `[batch, keys]`.
        everywhere: numbers of the layers in which they are flagged.
        base: what is flagged besides, for each layer bool `[batch, heads, keys]`; nothing by default.
        threshold: between the scores 0 and 1 of the other columns and of these; 0.5 by default.
    """

    detector: ColumnDetector
    columns: Tensor
    everywhere: tuple[int, ...]
    base: Mapping[int, Tensor] = field(default_factory=dict)
    threshold: float = 0.5

    @property
    def watched(self) -> tuple[int, ...]:
        """The layers in which something may be flagged."""
        return tuple(sorted({*self.everywhere, *self.base}))

    @property
    def layers(self) -> int:
        """As many as the detector's model has."""
        return self.detector.layers

    def score(self, layer: int, attention: Tensor, key_valid: Tensor, query_valid: Tensor) -> Tensor:
        """1 for the columns, 0 for all others and for padding (see `ColumnDetector`)."""
        flagged = self.base.get(layer, torch.zeros((), dtype=torch.bool, device=key_valid.device))
        if layer in self.everywhere:
            flagged = flagged | self.columns[:, None]
        chosen = (flagged & key_valid[:, None]).to(attention.dtype)
        return chosen.expand(-1, attention.shape[1], -1)

    def benign(self, layer: int, attention: Tensor, key_valid: Tensor) -> Tensor:
        """The attention a flagged column may keep (see `ColumnDetector`)."""
        return self.detector.benign(layer, attention, key_valid)
