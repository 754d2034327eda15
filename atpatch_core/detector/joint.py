"""Judge a column by all watched layers together: a trigger that no layer shows clearly may be plain in their sum.

Each layer's network says how likely a column is hijacked there, from the maps of the untouched model. The log-odds are
averaged over the layers, as independent pieces of evidence add up (naive Bayes); a column is flagged by that mean, and
then redistributed in all heads of several layers, in a second forward: what draws attention in one of them is read in
the others, too, even where it does not stand out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

_SUREST = 1e-6  # of a score from 0 or 1, so that no layer alone outweighs all others


@dataclass(frozen=True)
class Jointly:
    """Columns are judged by all watched layers together and redistributed in several layers.

    Attributes:
        layers: numbers of the layers in all heads of which they are redistributed.
    """

    layers: tuple[int, ...]


def joint_scores(scores: Sequence[Tensor]) -> Tensor:
    """One score for each column from the scores of several layers.

    The head that scores a column highest speaks for its layer.

    Args:
        scores: for each layer `[batch, heads, keys]`, 0 to 1.

    Returns:
        float32 `[batch, keys]`, 0 to 1. A column that every layer scores 0, such as padding, stays at 0.

    Example:
        >>> unsure, sure = torch.tensor([[[0.5, 0.1]]]), torch.tensor([[[0.9, 0.1]]])
        >>> joint_scores([unsure, sure])
        tensor([[0.7500, 0.1000]])
    """
    highest = torch.stack([of_layer.float().amax(1) for of_layer in scores])
    odds = highest.clamp(_SUREST, 1 - _SUREST).logit().mean(0)
    return torch.where((highest > 0).any(0), odds.sigmoid(), 0.0)
