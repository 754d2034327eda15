"""A token that stands in an input several times is judged as one column.

Copies of a trigger word share the attention that one of them would draw, so that none stands out. But they are the
same token, so what they draw can be added up, and the sum is what a single one would draw. The copies get the score of
the sum; whether it is hijacked is known for all of them or for none.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from .per_token import inner_columns
from .training import LayerExamples


def token_numbers(inputs: Tensor) -> Tensor:
    """Numbers that are alike for the same token, int64 `[batch, keys]`, from ids or from vectors `[batch, keys, size]`.

    Vectors are those of an embedding table, and so exactly alike for the same token.
    """
    if inputs.ndim == 2:
        return inputs.long()
    _, numbers = torch.unique(inputs.flatten(0, 1), dim=0, return_inverse=True)
    shaped: Tensor = numbers.reshape(inputs.shape[:2])
    return shaped


def first_places(tokens: Tensor, valid: Tensor) -> Tensor:
    """Where the token of each column stands for the first time, int64 `[batch, keys]`.

    `tokens` are integers `[batch, keys]`, `valid` is bool and `False` for padding. The first and the last token of an
    input are the model's own: like padding they stand only for themselves.
    """
    inner = inner_columns(valid)
    same = (tokens[:, :, None] == tokens[:, None]) & inner[:, None]
    own = torch.arange(tokens.shape[1], device=tokens.device).expand_as(tokens)
    return torch.where(inner, same.long().argmax(-1), own)


def added_up(attention: Tensor, first: Tensor) -> Tensor:
    """`attention` `[batch, heads, queries, keys]` with all that copies of a token draw in the column of the first one.

    The other copies' columns become 0, so rows sum to what they did. `first` is what `first_places` gives.
    """
    places = first[:, None, None].expand_as(attention)
    return torch.zeros_like(attention).scatter_add(-1, places, attention)


def examples_added_up(examples: LayerExamples, first: Tensor) -> LayerExamples:
    """Examples as a detector sees them that adds up copies: what holds for a copy holds for the first place.

    The other copies, whose columns are empty now, are ignored.

    Args:
        examples: of one layer, with a column for every copy.
        first: what `first_places` gives.
    """
    places = first[:, None].expand_as(examples.hijacked)

    def anywhere(mask: Tensor) -> Tensor:
        return torch.zeros_like(mask, dtype=torch.int8).scatter_reduce(-1, places, mask.to(torch.int8), "amax").bool()

    hijacked = anywhere(examples.hijacked)
    copies = (first != torch.arange(first.shape[1]))[:, None]
    return replace(
        examples,
        attention=added_up(examples.attention, first),
        hijacked=hijacked,
        ignored=(anywhere(examples.ignored) | copies) & ~hijacked,
    )


def given_to_all(scores: Tensor, first: Tensor) -> Tensor:
    """`scores` `[batch, heads, keys]` with the score of a token's first place at all of its places."""
    return scores.gather(-1, first[:, None].expand_as(scores))
