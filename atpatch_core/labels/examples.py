"""From verdicts about columns to examples that networks learn from.

Maps of texts differ in size: they are padded to the longest, and learnt from by the network that takes any length.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from ..attention import attention_layers, capture
from ..column import Column
from ..debugging.maps import maps_of
from ..detector.repeats import examples_added_up, first_places, token_numbers
from ..detector.training import LayerExamples, unpadded
from ..subjects.subject import Subject
from .contract import Verdict
from .labelled_inputs import LabelledInput

_BATCH = 100  # images or records in one forward pass
_TEXTS = 25  # in one forward, all layers' maps of which are held


def label_masks(
    verdicts: Sequence[Mapping[Column, Verdict]], complete: Sequence[bool], heads: Sequence[int], keys: int
) -> list[tuple[Tensor, Tensor]]:
    """Which columns are over-attended and which are left out.

    Args:
        verdicts: for each input those about its columns.
        complete: for each input whether every column was judged; otherwise every column without a verdict is left out.
        heads: how many heads each layer has.
        keys: how many columns the maps have.

    Returns:
        For each layer two masks, bool `[n, heads, keys]`.
    """
    nothing = [torch.zeros(len(verdicts), count, keys, dtype=torch.bool) for count in heads]
    masks = [(mask.clone(), mask.clone()) for mask in nothing]
    for number, said in enumerate(verdicts):
        if not complete[number]:
            for _, ignored in masks:
                ignored[number] = True
        for column, verdict in said.items():
            hijacked, ignored = masks[column.layer]
            hijacked[number, column.head, column.key] = verdict is Verdict.OVER_ATTENDED
            ignored[number, column.head, column.key] = verdict is Verdict.UNSURE
    return masks


def labelled_examples(subject: Subject, inputs: Sequence[LabelledInput]) -> dict[int, LayerExamples]:
    """The examples of every layer that labelled inputs give; maps of texts are padded to the longest text."""
    values = [labelled.value for labelled in inputs]
    if subject.kind == "text":
        maps, valid, tokens = _text_maps(subject, values)
    else:
        maps, valid, tokens = maps_of(subject, values, _BATCH), None, None
    verdicts, complete = [labelled.verdicts for labelled in inputs], [labelled.complete for labelled in inputs]
    masks = label_masks(verdicts, complete, [attention.shape[1] for attention in maps], maps[0].shape[-1])
    examples = {layer: examples_of(attention, *masks[layer]) for layer, attention in enumerate(maps)}
    if valid is None or tokens is None:
        return examples
    first = first_places(tokens, valid)
    padded = {layer: replace(found, key_valid=valid, query_valid=valid) for layer, found in examples.items()}
    return {layer: examples_added_up(found, first) for layer, found in padded.items()}


def examples_of(attention: Tensor, hijacked: Tensor, ignored: Tensor) -> LayerExamples:
    """Examples of one layer whose maps have no padding.

    Args:
        attention: maps, `[n, heads, queries, keys]`.
        hijacked: columns that are over-attended, bool `[n, heads, keys]`.
        ignored: columns that are left out, bool `[n, heads, keys]`. Inputs are benign in the layer if none of its
            columns is either.
    """
    return unpadded(attention, hijacked, ignored & ~hijacked, ~(hijacked | ignored).flatten(1).any(1))


def _text_maps(subject: Subject, texts: list[str]) -> tuple[list[Tensor], Tensor, Tensor]:
    """Per layer half `[n, heads, keys, keys]` of the untouched model, which tokens are no padding, and the tokens."""
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    layers: list[list[Tensor]] = [[] for _ in attention_layers(subject.model)]
    valid: list[Tensor] = []
    tokens: list[Tensor] = []
    with torch.no_grad():
        for start in range(0, len(texts), _TEXTS):
            inputs = subject.encode([texts[place] for place in order[start : start + _TEXTS]])
            with capture(subject.model) as kept:
                subject.model(**inputs)
            valid.append(inputs["attention_mask"].bool())
            tokens.append(token_numbers(inputs["input_ids"]))
            for layer, attention in zip(layers, kept.layers, strict=True):
                layer.append(attention.half())
    keys = max(mask.shape[1] for mask in valid)
    back = torch.tensor(order).argsort()

    def whole(parts: list[Tensor], sides: int) -> Tensor:
        pad = torch.nn.functional.pad
        return torch.cat([pad(part, (0, keys - part.shape[-1]) * sides) for part in parts])[back]

    return [whole(layer, 2) for layer in layers], whole(valid, 1), whole(tokens, 1)
