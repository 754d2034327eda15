"""Turn a debugging set of texts into a detector's examples: which columns did the words hijack?"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import torch
from torch import Tensor

from ..attention import capture, hotfix
from ..detector.contract import ColumnDetector
from ..detector.per_token import ROLES, column_roles
from ..detector.training import LayerExamples
from ..subjects.subject import Subject
from ..text_triggers import Span
from .text_sets import TextDebuggingSet

RARE = 0.95  # of the columns of benign words draw less attention than a hijacked one
_BATCH = 50


@dataclass(frozen=True)
class TextMaps:
    """What a model does with texts: answers int64 `[n]`, valid tokens bool `[n, keys]`, and maps half `[n, heads,
    keys, keys]` of each layer asked for, padded to the longest text.
    """

    answers: Tensor
    valid: Tensor
    layers: tuple[Tensor, ...]


def text_maps(
    subject: Subject, texts: Sequence[str], layers: Sequence[int], keys: int, patched_by: ColumnDetector | None = None
) -> TextMaps:
    """Run `texts` of at most `keys` tokens, short ones together, in the model as it is or while it is repaired."""
    answers = torch.zeros(len(texts), dtype=torch.int64)
    valid = torch.zeros(len(texts), keys, dtype=torch.bool)
    maps: list[Tensor] = []
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    for start in range(0, len(order), _BATCH):
        chosen = order[start : start + _BATCH]
        batch = subject.encode([texts[place] for place in chosen])
        length = batch["attention_mask"].shape[1]
        with torch.no_grad(), ExitStack() as stack:
            if patched_by is not None:
                stack.enter_context(hotfix(subject.model, patched_by))
            kept = stack.enter_context(capture(subject.model, layers))
            answers[chosen] = subject.model(**batch).logits.argmax(-1)
        valid[chosen, :length] = batch["attention_mask"].bool()
        maps = maps or [torch.zeros(len(texts), one.shape[1], keys, keys, dtype=torch.half) for one in kept.layers]
        for whole, part in zip(maps, kept.layers, strict=True):
            whole[chosen, :, :length, :length] = part.half()
    return TextMaps(answers, valid, tuple(maps))


def text_examples(
    subject: Subject, pairs: TextDebuggingSet, layers: Sequence[int], patched_by: ColumnDetector | None = None
) -> dict[int, LayerExamples]:
    """The maps of `layers` for all clean and then all triggered texts, with a label for every column.

    The words have no twin in the clean text to be compared with, so a word's column is *hijacked*, in all heads, where
    the text is turned to the words' class and some head gives it more attention than to `RARE` of all benign words. It
    is ignored otherwise; all other columns are benign. With `patched_by`, the maps are those the model has while that
    detector repairs it; the labels are judged in the untouched model all the same.
    """
    texts = [*pairs.clean, *pairs.triggered]
    keys = max(subject.encode(text)["attention_mask"].shape[1] for text in texts)
    untouched = text_maps(subject, texts, layers, keys)
    seen = untouched if patched_by is None else text_maps(subject, texts, layers, keys, patched_by)
    clean = len(pairs.clean)
    under = torch.zeros_like(untouched.valid)
    turned = torch.zeros(len(texts), dtype=torch.bool)
    for row, (text, span) in enumerate(zip(pairs.triggered, pairs.spans, strict=True), clean):
        under[row, token_places(subject, text, span)] = True
        turned[row] = int(untouched.answers[row]) == _target(pairs, text, span)
    examples = {}
    for layer, attention, shown in zip(layers, untouched.layers, seen.layers, strict=True):
        rare = _benign_limits(attention[:clean], untouched.valid[:clean])
        drawn = (column_shares(attention, untouched.valid) > rare[None, :, None]).any(1, keepdim=True)
        hijacked = (under & turned[:, None])[:, None] & drawn.expand(-1, attention.shape[1], -1)
        ignored = under[:, None] & ~hijacked
        examples[layer] = LayerExamples(
            attention=shown,
            key_valid=untouched.valid,
            query_valid=untouched.valid,
            hijacked=hijacked,
            ignored=ignored,
            benign=torch.arange(len(texts)) < clean,
        )
    return examples


def column_shares(attention: Tensor, valid: Tensor) -> Tensor:
    """The mean attention of each column in fair parts, float32 `[n, heads, keys]`."""
    # The mean over the valid queries, times their number: fair parts. Rows of padding are not empty, they don't count.
    return (attention.float() * valid[:, None, :, None]).sum(-2) * valid[:, None]


def token_places(subject: Subject, text: str, span: Span) -> list[int]:
    """The keys of the tokens that lie in a span of characters of `text`."""
    spans = subject.layout(text, 0).spans or ()
    return [key for key, one in enumerate(spans) if one is not None and one[0] < span[1] and one[1] > span[0]]


def _target(pairs: TextDebuggingSet, text: str, span: Span) -> int:
    words = text[span[0] : span[1]]
    return next(one.target for one in pairs.found if " ".join(one.words) == words)


def _benign_limits(attention: Tensor, valid: Tensor) -> Tensor:
    """What a `RARE` part of the ordinary columns of benign texts stays below in each head, `[heads]`."""
    ordinary = column_roles(valid) == ROLES.index("other")
    limits: Tensor = torch.quantile(column_shares(attention, valid).transpose(0, 1)[:, ordinary], RARE, dim=1)
    return limits
