"""Unified benign attention: how much a flagged column may keep. Which kind is best is found by calibration."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor

ReferenceKind = Literal["mean", "uniform", "low-quantile", "zero"]
KINDS: tuple[ReferenceKind, ...] = get_args(ReferenceKind)


def benign_reference(kind: ReferenceKind, attention: Tensor, key_valid: Tensor, benign_mean: Tensor) -> Tensor:
    """The attention that flagged columns may keep.

    Args:
        kind: which attention counts as benign:

            * `mean`: the mean of benign maps;
            * `uniform`: one fair part, 1 / number of valid keys;
            * `low-quantile`: the tenth part of the same row's columns that get least, at its upper end;
            * `zero`: nothing.
        attention: maps, `[batch, heads, queries, keys]`.
        key_valid: bool `[batch, keys]`, `False` for padding.
        benign_mean: the mean of benign maps, `[heads, queries, keys]`; only `mean` looks at it.

    Returns:
        Shares from 0 to 1, broadcastable to `attention`.

    Raises:
        ValueError: the kind is unknown.
    """
    if kind == "mean":
        return benign_mean.to(attention.dtype)
    if kind == "uniform":
        return (1.0 / key_valid.sum(-1).clamp(min=1)).to(attention.dtype)[:, None, None, None]
    if kind == "low-quantile":
        # Padding must not count, so it is sorted to the end and the rank is taken among the valid keys.
        ordered = attention.float().masked_fill(~key_valid[:, None, None, :], 2.0).sort(-1).values
        rank = ((key_valid.sum(-1) - 1) * 0.1).long()[:, None, None, None].expand(*ordered.shape[:-1], 1)
        return ordered.gather(-1, rank).to(attention.dtype)
    if kind == "zero":
        return attention.new_zeros(())
    raise ValueError(f"Unknown benign reference {kind!r}; choose one of {', '.join(KINDS)}.")


def mean_map(attention: Tensor) -> Tensor:
    """The mean of benign maps `[n, heads, queries, keys]`."""
    return attention.float().mean(0) if len(attention) else torch.zeros(attention.shape[1:])
