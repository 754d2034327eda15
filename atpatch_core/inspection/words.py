"""Put the parts of a word together: maps from word to word instead of from token to token."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from ..column import Column
from ..layout import Layout
from .results import AttentionTrace, Flags, Inspection, Pass

_GOES_ON = "\u2026"


def has_parts(layout: Layout) -> bool:
    """Whether any word has more than one column."""
    words = [word for word in layout.words or () if word is not None]
    return len(set(words)) < len(words)


def group_words(inspection: Inspection) -> Inspection:
    """The same inspection with one row and one column a word.

    Attention *to* a word is the sum over its parts, attention *from* it their mean, so rows still sum to 1. A word is
    flagged if one of its parts is, and scores like its highest part. Where there are no parts, the very same object
    comes back.
    """
    layout = inspection.layout
    if not has_parts(layout):
        return inspection
    groups = word_groups(layout)
    index = torch.tensor([number for number, keys in enumerate(groups) for _ in keys])
    count = len(groups)
    scores = tuple(None if layer is None else _highest(layer, index, count) for layer in inspection.flags.scores)
    flagged = tuple(_highest(layer.float(), index, count) > 0 for layer in inspection.flags.flagged)
    followed = frozenset(
        Column(column.layer, column.head, int(index[column.key])) for column in inspection.flags.followed
    )
    return Inspection(
        original=_pass(inspection.original, index, count),
        patched=_pass(inspection.patched, index, count),
        flags=Flags(scores, flagged, inspection.flags.threshold, followed),
        layout=replace(
            layout,
            key_names=tuple(whole_word(layout, keys) for keys in groups),
            special=tuple(layout.special[keys[0]] for keys in groups),
            words=tuple(None if layout.words is None else layout.words[keys[0]] for keys in groups),
            spans=tuple(_span(layout, keys) for keys in groups),
        ),
    )


def word_groups(layout: Layout) -> list[list[int]]:
    """The keys of each word, in order; a key that belongs to no word is alone."""
    groups: list[list[int]] = []
    before = None
    for key, word in enumerate(layout.words or ()):
        if word is not None and word == before:
            groups[-1].append(key)
        else:
            groups.append([key])
        before = word
    return groups


def whole_word(layout: Layout, keys: list[int]) -> str:
    """The name of the word that these keys are the parts of."""
    if len(keys) == 1:
        return layout.key_names[keys[0]]
    return "".join(layout.key_names[key].strip(_GOES_ON) for key in keys)


def _span(layout: Layout, keys: list[int]) -> tuple[int, int] | None:
    spans = [span for span in (layout.spans[key] for key in keys) if span is not None] if layout.spans else []
    return (spans[0][0], spans[-1][1]) if spans else None


def _pass(passed: Pass, index: Tensor, count: int) -> Pass:
    return Pass(passed.prediction, AttentionTrace(tuple(_grouped(layer, index, count) for layer in passed.trace.maps)))


def _grouped(attention: Tensor, index: Tensor, count: int) -> Tensor:
    """`[heads, tokens, tokens]` to `[heads, words, words]`."""
    to_words = attention.new_zeros(*attention.shape[:2], count).index_add_(2, index, attention)
    summed = attention.new_zeros(attention.shape[0], count, count).index_add_(1, index, to_words)
    return summed / torch.bincount(index, minlength=count)[:, None]


def _highest(values: Tensor, index: Tensor, count: int) -> Tensor:
    """`[heads, tokens]` to `[heads, words]`."""
    lowest = values.new_full((values.shape[0], count), float("-inf"))
    return lowest.scatter_reduce_(1, index.expand(values.shape[0], -1), values, "amax")
