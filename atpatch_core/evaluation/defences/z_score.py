"""A column detector that learns nothing: a z-score for every column of every head, against the clean images.

A column's attention, averaged over queries, is compared with the mean and the standard deviation that the same column
of the same head has in clean images. (Medians and MAD instead, or comparing a column with the others of its head,
tell triggered images apart less well on the sample subjects.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ...attention import attention_layers, capture
from ...subjects.subject import Subject
from .column_fix import ColumnFix
from .contract import DefenderData
from .shares import Share, own_share
from .thresholds import conformal_cut

_BATCH = 250  # inputs in one forward pass
_FLOOR = 0.05  # of a fair part: columns that hardly vary would stand out for nothing


@dataclass(frozen=True)
class ZScore:
    """Flags columns that stand far above their clean mean (see `ColumnDetector`). A column at the cut scores 0.5.

    Attributes:
        layers: how many attention layers the model has.
        mean: attention of each column in clean inputs, by layer `[heads, keys]`.
        deviation: its standard deviation, by layer `[heads, keys]`.
        cut: how many standard deviations above the mean a column is flagged.
        share: the attention that flagged columns keep.
        threshold: the score at the cut, 0.5.
    """

    layers: int
    mean: Mapping[int, Tensor]
    deviation: Mapping[int, Tensor]
    cut: float
    share: Share
    threshold: float = 0.5

    @property
    def watched(self) -> tuple[int, ...]:
        """All layers: without learning, nothing says which ones matter."""
        return tuple(sorted(self.mean))

    def score(self, layer: int, attention: Tensor, key_valid: Tensor, query_valid: Tensor) -> Tensor:
        """How far each column is above its clean mean (see `ColumnDetector`)."""
        beyond = (received(attention) - self.mean[layer]) / self.deviation[layer]
        beyond = beyond.clamp(min=0) * key_valid[:, None]
        return beyond / (beyond + self.cut)

    def benign(self, layer: int, attention: Tensor, key_valid: Tensor) -> Tensor:
        """The share (see `ColumnDetector`)."""
        return self.share(layer, attention, key_valid)


def received(attention: Tensor) -> Tensor:
    """What each column of `[batch, heads, queries, keys]` gets on average, float32 `[batch, heads, keys]`."""
    return attention.float().mean(-2)


def z_score(subject: Subject, have: DefenderData) -> ColumnFix:
    """Measure every column on the clean images, and set one threshold for the wanted false-positive rate."""
    return ColumnFix(column_z_scores(subject, have.clean.inputs, have.false_positive_rate))


def column_z_scores(subject: Subject, clean: Sequence[Any], false_positive_rate: float) -> ZScore:
    """The detector for a subject of any kind whose maps all have the same size.

    Args:
        subject: the model.
        clean: clean inputs, on which columns are measured and the threshold is set.
        false_positive_rate: the share of clean inputs that may have a flagged column.
    """
    layers = len(attention_layers(subject.model))
    parts: list[list[Tensor]] = []
    for start in range(0, len(clean), _BATCH):
        batch = subject.encode(list(clean[start : start + _BATCH]))
        with torch.no_grad(), capture(subject.model) as maps:
            subject.model(**batch)
        parts.append([received(attention) for attention in maps.layers])
    usual = {layer: torch.cat([part[layer] for part in parts]) for layer in range(layers)}
    mean = {layer: shares.mean(0) for layer, shares in usual.items()}
    deviation = {layer: shares.std(0) + _FLOOR / shares.shape[-1] for layer, shares in usual.items()}
    highest = [((usual[layer] - mean[layer]) / deviation[layer]).flatten(1).amax(1) for layer in range(layers)]
    cut = conformal_cut(torch.stack(highest).amax(0).double().numpy(), false_positive_rate)
    return ZScore(layers, mean, deviation, cut, own_share(subject))
