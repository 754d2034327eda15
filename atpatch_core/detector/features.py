"""What a column of an attention map looks like, in numbers that do not depend on the length of the input."""

from __future__ import annotations

import torch
from torch import Tensor

FEATURES = (
    "mean",  # attention received, averaged over queries
    "peak",  # from the query that gives most
    "readout",  # from the query the prediction is read from
    "self",  # from the key's own query
    "spread",  # relative standard deviation over queries
    "breadth",  # share of queries that give it more than twice its fair part
    "mean-lead",  # its mean against the best other column of the head
    "readout-lead",  # the same for the readout query
    "mean-across-heads",  # its mean against the same column in the layer's other heads
    "readout-across-heads",
)
_FLOOR = 1e-2  # of a fair part: below it, differences are noise. No measurement is kept.


def column_features(attention: Tensor, key_valid: Tensor, query_valid: Tensor) -> Tensor:
    """Describe every column of every head by the quantities in `FEATURES`.

    Attention is measured in fair parts (1 / number of valid keys) on a logarithmic scale; the prediction is read from
    the first query.

    Args:
        attention: maps, `[batch, heads, queries, keys]`.
        key_valid: bool `[batch, keys]`, `False` for padding.
        query_valid: bool `[batch, queries]`, `False` for padding.

    Returns:
        float32 `[batch, heads, keys, len(FEATURES)]`; padding is 0 throughout.
    """
    weights = attention.float()
    keys = key_valid[:, None, :]
    queries = query_valid[:, None, :, None]
    length = key_valid.sum(-1)[:, None, None].clamp(min=1).float()
    count = query_valid.sum(-1)[:, None, None].clamp(min=1).float()

    counted = torch.where(queries, weights, 0.0)
    mean = counted.sum(-2) / count
    deviation = torch.where(queries, weights - mean.unsqueeze(-2), 0.0)
    spread = (deviation.square().sum(-2) / count).sqrt() / (mean + _FLOOR / length)
    breadth = (counted * length.unsqueeze(-2) > 2).float().sum(-2) / count
    diagonal = weights.diagonal(dim1=-2, dim2=-1) if weights.shape[-1] == weights.shape[-2] else mean

    def in_fair_parts(share: Tensor) -> Tensor:
        return torch.log(share * length + _FLOOR)

    log_mean, log_readout = in_fair_parts(mean), in_fair_parts(weights[:, :, 0])
    features = [
        log_mean,
        in_fair_parts(counted.amax(-2)),
        log_readout,
        in_fair_parts(diagonal),
        spread,
        breadth,
        _lead(log_mean, keys),
        _lead(log_readout, keys),
        log_mean - log_mean.mean(1, keepdim=True),
        log_readout - log_readout.mean(1, keepdim=True),
    ]
    return torch.stack(features, -1) * keys.unsqueeze(-1)


def _lead(values: Tensor, keys: Tensor) -> Tensor:
    """Each column's value minus the highest value among the other valid columns of the head."""
    if values.shape[-1] < 2:
        return torch.zeros_like(values)
    candidates = values.masked_fill(~keys, torch.log(torch.tensor(_FLOOR)).item())
    best, second = candidates.topk(2, dim=-1).values.unbind(-1)
    is_best = candidates == best.unsqueeze(-1)
    return values - torch.where(is_best, second.unsqueeze(-1), best.unsqueeze(-1))
