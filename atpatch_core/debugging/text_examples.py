"""Turn a debugging set of texts into a detector's examples: which columns did the triggers hijack?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..attention import capture
from ..detector.per_token import ROLES, column_roles
from ..detector.training import LayerExamples
from ..subjects.subject import Subject
from .soft_triggers import EmbeddedTexts, insert_vectors
from .text_set import TextDebuggingSet

RARE = 0.95  # of the columns of benign words draw less attention than a hijacked one
_BATCH = 50
_COPIED, _COPIES = 0.3, 3  # the share of triggered texts with several copies, and how many at most


@dataclass(frozen=True)
class _Maps:
    """Answers int64 `[n]`, valid tokens bool `[n, keys]`, which copy of a trigger they are a part of int64 `[n, keys]`
    (0 for none), and maps half `[n, heads, keys, keys]` a layer.
    """

    answers: Tensor
    valid: Tensor
    copy: Tensor
    layers: tuple[Tensor, ...]


def embed_pairs(subject: Subject, pairs: TextDebuggingSet, seed: int) -> list[EmbeddedTexts]:
    """The triggered texts of a debugging set in batches, in order; `seed` decides where the triggers stand.

    Some texts carry several copies of their trigger, which take attention from each other.
    """
    rng = np.random.default_rng(seed)
    batches = []
    for start in range(0, len(pairs), _BATCH):
        chosen = [pairs.triggers[one] for one in pairs.which[start : start + _BATCH]]
        vectors, places = [one.vectors for one in chosen], [one.place for one in chosen]
        copies = np.where(rng.random(len(chosen)) < _COPIED, rng.integers(2, _COPIES + 1, len(chosen)), 1).tolist()
        batches.append(insert_vectors(subject, pairs.hosts[start : start + _BATCH], vectors, places, rng, copies))
    return batches


def text_examples(
    subject: Subject, pairs: TextDebuggingSet, layers: Sequence[int], seed: int = 0
) -> dict[int, LayerExamples]:
    """The maps of `layers` for all clean and then all triggered texts, with a label for every column.

    In a text that its trigger turns, the column of each copy of the trigger that the answer is most read from is
    *hijacked*, in all heads, if some head gives it more attention than `RARE` of all benign words get. The trigger's
    other columns are ignored; all that are none of the trigger's are benign.
    """
    rng = np.random.default_rng(seed)
    nothing = torch.zeros(0, subject.model.get_input_embeddings().weight.shape[1])  # type: ignore[operator]
    clean = [
        insert_vectors(subject, some, [nothing] * len(some), ["edge"] * len(some), rng)
        for some in (pairs.clean[start : start + _BATCH] for start in range(0, len(pairs.clean), _BATCH))
    ]
    maps = _maps(subject, [*clean, *embed_pairs(subject, pairs, seed)], layers)
    count = len(pairs.clean)
    targets = torch.tensor([-1] * count + [pairs.triggers[one].target for one in pairs.which])
    under = torch.where((maps.answers == targets)[:, None], maps.copy, 0)
    examples = {}
    for layer, attention in zip(layers, maps.layers, strict=True):
        most = _most_read(attention[:, :, 0].float().mean(1), under)
        limits = _benign_limits(attention[:count], maps.valid[:count])
        drawn = (_column_shares(attention, maps.valid) > limits[None, :, None]).any(1)
        hijacked = most & drawn
        heads = attention.shape[1]
        examples[layer] = LayerExamples(
            attention=attention,
            key_valid=maps.valid,
            query_valid=maps.valid,
            hijacked=hijacked[:, None].expand(-1, heads, -1),
            ignored=((maps.copy > 0) & ~hijacked)[:, None].expand(-1, heads, -1),
            benign=torch.arange(len(attention)) < count,
        )
    return examples


def _maps(subject: Subject, batches: Sequence[EmbeddedTexts], layers: Sequence[int]) -> _Maps:
    keys = max(one.copy.shape[1] for one in batches)
    answers, valid, copy = [], [], []
    maps: list[list[Tensor]] = [[] for _ in layers]
    for one in batches:
        with torch.no_grad(), capture(subject.model, layers) as kept:
            answers.append(subject.model(**one.inputs).logits.argmax(-1))
        more = keys - one.copy.shape[1]
        valid.append(torch.nn.functional.pad(one.inputs["attention_mask"].bool(), (0, more)))
        copy.append(torch.nn.functional.pad(one.copy, (0, more)))
        for whole, part in zip(maps, kept.layers, strict=True):
            whole.append(torch.nn.functional.pad(part.half(), (0, more, 0, more)))
    return _Maps(torch.cat(answers), torch.cat(valid), torch.cat(copy), tuple(torch.cat(whole) for whole in maps))


def _most_read(read: Tensor, copy: Tensor) -> Tensor:
    """Of each copy (int64 `[n, keys]`, 0 for none) the column with the highest of `read` `[n, keys]`, as bool."""
    most = torch.zeros_like(read, dtype=torch.bool)
    for number in range(1, int(copy.max()) + 1):
        own = copy == number
        best = read.masked_fill(~own, -1.0).argmax(-1)
        most |= torch.nn.functional.one_hot(best, read.shape[-1]).bool() & own
    return most


def _column_shares(attention: Tensor, valid: Tensor) -> Tensor:
    """The mean attention of each column in fair parts, float32 `[n, heads, keys]`."""
    # The mean over the valid queries, times their number: fair parts. Rows of padding are not empty, they don't count.
    return (attention.float() * valid[:, None, :, None]).sum(-2) * valid[:, None]


def _benign_limits(attention: Tensor, valid: Tensor) -> Tensor:
    """What a `RARE` part of the ordinary columns of benign texts stays below in each head, `[heads]`."""
    ordinary = column_roles(valid) == ROLES.index("other")
    limits: Tensor = torch.quantile(_column_shares(attention, valid).transpose(0, 1)[:, ordinary], RARE, dim=1)
    return limits
