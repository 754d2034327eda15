"""Turn a debugging set of texts into a detector's examples: which columns did the triggers hijack?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..attention import capture
from ..detector.per_token import ROLES, column_roles
from ..detector.repeats import examples_added_up, first_places, token_numbers
from ..detector.training import LayerExamples
from ..subjects.subject import Subject
from .soft_triggers import EmbeddedTexts, insert_vectors
from .text_set import TextDebuggingSet

RARE = 0.95  # of the columns of benign words draw less attention than a hijacked one
_BATCH = 50  # whole maps of every layer are held for so many texts at a time


@dataclass(frozen=True)
class _Maps:
    """Answers int64 `[n]`, valid and triggered tokens bool `[n, keys]`, where each one stands first int64 `[n, keys]`,
    and maps half `[n, heads, keys, keys]` a layer.
    """

    answers: Tensor
    valid: Tensor
    triggered: Tensor
    first: Tensor
    layers: tuple[Tensor, ...]


def embed_pairs(subject: Subject, pairs: TextDebuggingSet, seed: int) -> list[EmbeddedTexts]:
    """The triggered texts of a debugging set in batches, in order.

    Args:
        subject: a model for texts.
        pairs: texts, and what is put into them.
        seed: where the triggers stand.
    """
    rng = np.random.default_rng(seed)
    batches = []
    for start in range(0, len(pairs), _BATCH):
        chosen = [pairs.triggers[trigger] for trigger in pairs.which[start : start + _BATCH]]
        vectors, places = [trigger.vectors for trigger in chosen], [trigger.place for trigger in chosen]
        batches.append(insert_vectors(subject, pairs.hosts[start : start + _BATCH], vectors, places, rng))
    return batches


def text_examples(
    subject: Subject, pairs: TextDebuggingSet, layers: Sequence[int], seed: int = 0
) -> dict[int, LayerExamples]:
    """The maps of some layers for all clean and then all triggered texts, with a label for every column.

    In a text that its trigger turns, the trigger's column that the answer is most read from is *hijacked*, in all
    heads, if some head gives it more attention than `RARE` of all benign words get. The trigger's other columns are
    ignored; all that are none of the trigger's are benign. Copies of a token count as one column (see `repeats`).

    Args:
        subject: a model for texts.
        pairs: clean texts, and texts with triggers.
        layers: numbers of the layers to take.
        seed: where the triggers stand; 0 by default.

    Returns:
        The examples of each layer, by its number.
    """
    rng = np.random.default_rng(seed)
    nothing = torch.zeros(0, subject.model.get_input_embeddings().weight.shape[1])  # type: ignore[operator]
    clean = [
        insert_vectors(subject, some, [nothing] * len(some), ["edge"] * len(some), rng)
        for some in (pairs.clean[start : start + _BATCH] for start in range(0, len(pairs.clean), _BATCH))
    ]
    maps = _maps(subject, [*clean, *embed_pairs(subject, pairs, seed)], layers)
    count = len(pairs.clean)
    targets = torch.tensor([-1] * count + [pairs.triggers[trigger].target for trigger in pairs.which])
    under = maps.triggered & (maps.answers == targets)[:, None]
    examples = {}
    for layer, attention in zip(layers, maps.layers, strict=True):
        read = attention[:, :, 0].float().mean(1).masked_fill(~under, -1.0)
        most = torch.nn.functional.one_hot(read.argmax(-1), read.shape[-1]).bool() & under
        limits = _benign_limits(attention[:count], maps.valid[:count])
        drawn = (_column_shares(attention, maps.valid) > limits[None, :, None]).any(1)
        hijacked = most & drawn
        heads = attention.shape[1]
        apart = LayerExamples(
            attention=attention,
            key_valid=maps.valid,
            query_valid=maps.valid,
            hijacked=hijacked[:, None].expand(-1, heads, -1),
            ignored=(maps.triggered & ~hijacked)[:, None].expand(-1, heads, -1),
            benign=torch.arange(len(attention)) < count,
        )
        examples[layer] = examples_added_up(apart, maps.first)
    return examples


def _maps(subject: Subject, batches: Sequence[EmbeddedTexts], layers: Sequence[int]) -> _Maps:
    keys = max(batch.triggered.shape[1] for batch in batches)
    answers, valid, triggered, tokens = [], [], [], []
    maps: list[list[Tensor]] = [[] for _ in layers]
    for batch in batches:
        with torch.no_grad(), capture(subject.model, layers) as kept:
            answers.append(subject.model(**batch.inputs).logits.argmax(-1))
        more = keys - batch.triggered.shape[1]
        valid.append(torch.nn.functional.pad(batch.inputs["attention_mask"].bool(), (0, more)))
        triggered.append(torch.nn.functional.pad(batch.triggered, (0, more)))
        tokens.append(torch.nn.functional.pad(token_numbers(batch.inputs["inputs_embeds"]), (0, more)))
        for whole, part in zip(maps, kept.layers, strict=True):
            whole.append(torch.nn.functional.pad(part.half(), (0, more, 0, more)))
    first = first_places(torch.cat(tokens), torch.cat(valid))
    layers_whole = tuple(torch.cat(parts) for parts in maps)
    return _Maps(torch.cat(answers), torch.cat(valid), torch.cat(triggered), first, layers_whole)


def _column_shares(attention: Tensor, valid: Tensor) -> Tensor:
    """The mean attention of each column in fair parts, float32 `[n, heads, keys]`."""
    # The mean over the valid queries, times their number: fair parts. Rows of padding are not empty, they don't count.
    return (attention.float() * valid[:, None, :, None]).sum(-2) * valid[:, None]


def _benign_limits(attention: Tensor, valid: Tensor) -> Tensor:
    """What a `RARE` part of the ordinary columns of benign texts stays below in each head, `[heads]`."""
    ordinary = column_roles(valid) == ROLES.index("other")
    limits: Tensor = torch.quantile(_column_shares(attention, valid).transpose(0, 1)[:, ordinary], RARE, dim=1)
    return limits
