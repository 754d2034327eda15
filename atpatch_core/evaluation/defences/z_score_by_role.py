"""A column detector for texts that learns nothing: a z-score for every role of every head, against the clean texts.

Texts have no column in common, so a column is compared with what is usual for its role in its head.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ...attention import attention_layers, capture
from ...debugging.answers import batches
from ...debugging.layer_scores import layer_scores
from ...detector.per_token import ROLES, column_roles
from ...subjects.subject import Subject
from .contract import DefenderData
from .text_hotfix import TextFix
from .thresholds import conformal_cut

_FLOOR = 0.05  # of a fair part: columns that hardly vary would stand out for nothing


@dataclass(frozen=True)
class ZScoreByRole:
    """Flags columns far above the mean of their head and role (see `ColumnDetector`). A column at the cut scores 0.5.

    Attributes:
        mean: attention in clean texts in fair parts, `[layers, heads, roles]`.
        deviation: its standard deviation, `[layers, heads, roles]`.
        cut: how many standard deviations above the mean a column is flagged.
        threshold: the score at the cut, 0.5.
    """

    mean: Tensor
    deviation: Tensor
    cut: float
    threshold: float = 0.5

    @property
    def layers(self) -> int:
        """How many the model has."""
        return len(self.mean)

    @property
    def watched(self) -> tuple[int, ...]:
        """All layers: without learning, nothing says which ones matter."""
        return tuple(range(self.layers))

    def score(self, layer: int, attention: Tensor, key_valid: Tensor, query_valid: Tensor) -> Tensor:
        """How far each column is above the mean of its role (see `ColumnDetector`)."""
        roles = column_roles(key_valid).clamp(max=len(ROLES) - 1)
        usual, spread = (part[layer][:, roles].transpose(0, 1) for part in (self.mean, self.deviation))
        beyond = ((received(attention, query_valid) - usual) / spread).clamp(min=0) * key_valid[:, None]
        return beyond / (beyond + self.cut)

    def benign(self, layer: int, attention: Tensor, key_valid: Tensor) -> Tensor:
        """Nothing (see `ColumnDetector`)."""
        return attention.new_zeros(())


def z_score_by_role(subject: Subject, have: DefenderData) -> ZScoreByRole:
    """Measure every role in every head on the clean texts, and set one threshold for the wanted false-positive rate."""
    layers = len(attention_layers(subject.model))
    by_layer: list[list[Tensor]] = [[] for _ in range(layers)]
    roles: list[Tensor] = []
    for chosen in batches(have.clean.inputs):
        inputs = subject.encode([have.clean.inputs[place] for place in chosen])
        valid = inputs["attention_mask"].bool()
        with torch.no_grad(), capture(subject.model) as maps:
            subject.model(**inputs)
        roles.append(column_roles(valid).flatten())
        for layer, attention in enumerate(maps.layers):
            by_layer[layer].append(received(attention, valid).transpose(0, 1).flatten(1))
    role = torch.cat(roles)
    whole = torch.stack([torch.cat(parts, 1) for parts in by_layer])
    mean = torch.stack([whole[:, :, role == number].mean(-1) for number in range(len(ROLES))], -1)
    deviation = torch.stack([whole[:, :, role == number].std(-1) + _FLOOR for number in range(len(ROLES))], -1)
    free = ZScoreByRole(mean, deviation, cut=1.0)
    # With the cut at 1, a score s belongs to a column s / (1 - s) deviations above its mean.
    highest = layer_scores(subject, free, have.clean.inputs).max(1)
    return ZScoreByRole(mean, deviation, conformal_cut(highest / (1 - highest), have.false_positive_rate))


def received(attention: Tensor, query_valid: Tensor) -> Tensor:
    """What each column gets on average, in fair parts, float32 `[batch, heads, keys]`."""
    return (attention.float() * query_valid[:, None, :, None]).sum(-2)


def text_z_score(subject: Subject, have: DefenderData) -> TextFix:
    """The hot-fix with such a detector."""
    return TextFix(z_score_by_role(subject, have))
