"""Attention redistribution: give a column that draws too much attention a benign share and hand out the rest.

The formula of AtPatch (arXiv 2601.21695). In every row `q` of a map `A`, a flagged column `j` becomes the benign
value `b[q, j]`, and all other columns share what is left in the proportions they had:

    A'[q, j] = b[q, j]                                                     j flagged
    A'[q, k] = A[q, k] * (1 - sum_j b[q, j]) / sum_{k not flagged} A[q, k]   otherwise

Decided answers for the corners of that formula:

* A flagged column already below its benign value is left where it is: repair never *raises* attention.
* If the benign values of a row sum to more than 1, they are scaled down to sum to 1.
* If the unflagged columns of a row hold no attention to scale up, or there are none, the row's surplus goes to the
  unmasked unflagged columns in equal parts; if there are none of those either, the row is left as it was.
* Masked keys (padding, the causal future) stay exactly 0 and take part in nothing; a fully masked row is untouched.
* Sums are taken in float32 (float64 for float64 maps), over the unflagged entries themselves and never as
  `1 - flagged`, which would cancel. The result has the dtype of the map.
* Nothing flagged in a whole batch: the very same tensor object comes back. Nothing flagged in one map of a batch:
  that map comes back bit for bit. The input is never written to.
"""

from __future__ import annotations

import torch
from torch import Tensor


def redistribute(attention: Tensor, flagged: Tensor, benign: Tensor, allowed: Tensor | None = None) -> Tensor:
    """Replace flagged columns by benign attention and rescale the others so that every row sums to 1 again.

    Args:
        attention: maps after softmax, floating point `[batch, heads, queries, keys]`, rows summing to 1.
        flagged: which columns to replace, bool, broadcastable to `[batch, heads, 1, keys]`
            (usually `[batch, heads, keys]`, which is accepted as it is).
        benign: the attention each flagged column is allowed to keep, in [0, 1], broadcastable to `attention`.
        allowed: which entries the model may attend to, bool, broadcastable to `attention`; `None` means all.

    Returns:
        New maps of the same shape and dtype, or `attention` itself when nothing is flagged.

    Raises:
        TypeError: `attention` is not floating point or `flagged` is not boolean.
        ValueError: shapes do not fit, or `benign` is NaN or outside [0, 1] in a flagged column.

    Source:
        AtPatch, arXiv 2601.21695.

    Example:
        >>> row = torch.tensor([[[[0.6, 0.3, 0.1]]]])  # one map of one query and three keys
        >>> redistribute(row, torch.tensor([[[True, False, False]]]), torch.tensor(0.2))
        tensor([[[[0.2000, 0.6000, 0.2000]]]])
    """
    if not attention.is_floating_point():
        raise TypeError(f"Attention maps are floating point, not {attention.dtype}.")
    if flagged.dtype != torch.bool:
        raise TypeError(f"Flags are boolean, not {flagged.dtype}.")
    if attention.ndim != 4:
        raise ValueError(f"Expected maps [batch, heads, queries, keys], got {attention.ndim} dimensions.")
    if not bool(flagged.any()):
        return attention
    columns = (flagged.unsqueeze(-2) if flagged.ndim == 3 else flagged).expand(
        attention.shape[0], attention.shape[1], 1, attention.shape[3]
    )
    exact = torch.float64 if attention.dtype == torch.float64 else torch.float32
    before = attention.to(exact)
    permitted = torch.ones_like(before, dtype=torch.bool) if allowed is None else allowed.expand(before.shape)
    repaired = columns & permitted
    rest = ~columns & permitted

    share = torch.where(repaired, benign.to(exact).expand(before.shape), 0.0)
    if not bool(((share >= 0) & (share <= 1)).all()):
        raise ValueError("Benign attention must be a number between 0 and 1.")
    share = share / share.sum(-1, keepdim=True).clamp(min=1.0)
    kept = torch.minimum(share, before)

    target = 1.0 - kept.sum(-1, keepdim=True)
    unflagged = torch.where(rest, before, 0.0)
    mass = unflagged.sum(-1, keepdim=True)
    # Below the smallest normal number the quotient would lose its digits or overflow.
    has_mass = mass > torch.finfo(exact).tiny
    rescaled = unflagged * (target / torch.where(has_mass, mass, 1.0))
    even = rest * (target / rest.sum(-1, keepdim=True).clamp(min=1))
    after = torch.where(rest, torch.where(has_mass, rescaled, even), kept)

    changed = repaired.any(-1, keepdim=True) & rest.any(-1, keepdim=True)
    after = torch.where(permitted, after.clamp(0.0, 1.0), 0.0)
    return torch.where(changed, after.to(attention.dtype), attention)


def shut_out(attention: Tensor, flagged: Tensor, benign: Tensor, allowed: Tensor | None = None) -> Tensor:
    """What `redistribute` gives for a benign attention of 0, in a fraction of the time: for trials, of which many run.

    Args:
        attention: maps after softmax, floating point `[batch, heads, queries, keys]`, rows summing to 1.
        flagged: which columns to shut out, bool, broadcastable to `[batch, heads, keys]`.
        benign: not looked at; it is here so that both functions can be used alike.
        allowed: which entries the model may attend to, bool, broadcastable to `attention`; `None` means all.

    Returns:
        New maps of the same shape and dtype; equal to those of `redistribute` but for rounding.

    Example:
        >>> row = torch.tensor([[[[0.6, 0.3, 0.1]]]])
        >>> shut_out(row, torch.tensor([[[True, False, False]]]), torch.tensor(0.0))
        tensor([[[[0.0000, 0.7500, 0.2500]]]])
    """
    left = attention.masked_fill(flagged.unsqueeze(-2), 0.0)
    mass = left.sum(-1, keepdim=True, dtype=torch.float64 if attention.dtype == torch.float64 else torch.float32)
    if bool((mass <= torch.finfo(torch.float32).tiny).any()):  # a row whose answer is not a quotient
        return redistribute(attention, flagged, torch.zeros((), device=attention.device), allowed)
    return left.div_(mass.to(left.dtype))
