"""A column counts for more where another one of the same input stands out, too.

Two different triggers in a text share the attention that one of them would draw, so that neither reaches what a single
one does. What they have in common is that there are two of them: in ordinary texts the second of the strongest words is
far behind. So the evidence for a column (its log-odds) is averaged with that for the best of the others, which counts
less. Copies of one token are another matter (see `repeats`): they are judged as one column before.
"""

from __future__ import annotations

import torch
from torch import Tensor

_SUREST = 1e-7  # of a score from 0 or 1, so that log-odds stay finite


def in_company(scores: Tensor, weight: float) -> Tensor:
    """Scores that also say how much the best other column of the same map stands out.

    Args:
        scores: `[batch, heads, keys]`, 0 to 1.
        weight: how much the log-odds of the best other column count beside a column's own.

    Returns:
        Scores of the same shape and type: weighted means of log-odds. A column that scores 0, such as padding, stays
        at 0.

    Example:
        >>> alone, together = torch.tensor([[[0.9, 0.1]]]), torch.tensor([[[0.9, 0.9]]])
        >>> in_company(alone, 1.0), in_company(together, 1.0)
        (tensor([[[0.5000, 0.5000]]]), tensor([[[0.9000, 0.9000]]]))
    """
    if not weight or scores.shape[-1] < 2:
        return scores
    odds = scores.double().clamp(_SUREST, 1 - _SUREST).logit()
    best, places = odds.topk(2, -1)
    is_best = torch.arange(scores.shape[-1], device=scores.device) == places[..., :1]
    other = torch.where(is_best, best[..., 1:], best[..., :1])
    mixed = ((odds + weight * other) / (1 + weight)).sigmoid().to(scores.dtype)
    return torch.where(scores > 0, mixed, 0.0)
