"""Turn record pairs into the labelled maps a detector learns from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..attention import attention_layers, hotfix
from ..detector.fixed import FixedColumns
from ..detector.training import LayerExamples, unpadded
from ..subjects.record import record_schema
from ..subjects.record_schema import Record
from ..subjects.subject import Subject
from .attribute_flips import FlippedPairs
from .maps import maps_of

_BATCH = 500  # records in one forward pass


def flip_examples(subject: Subject, pairs: FlippedPairs, layers: Sequence[int]) -> dict[int, LayerExamples]:
    """The maps that some layers compute, and which of their columns are hijacked.

    The maps are those of both sides of the pairs in the untouched model, and those of the over-attending side once more
    with the columns that hijack it shut out in all layers below, as a perfect hot-fix would do.

    In an over-attending record, the columns of the attributes that hijack it count as hijacked in *every* head: a
    single head left alone would still carry the attribute on. Everything else counts as benign, the same columns in the
    clean counterparts above all.

    Args:
        subject: a model for records.
        pairs: over-attending records and their counterparts.
        layers: numbers of the layers to take.

    Returns:
        The examples of each layer, by its number.
    """
    schema = record_schema(subject)
    keys = [schema.key(attribute.name) for attribute in schema.protected]
    clean = record_maps(subject, pairs.clean, layers)
    bad = record_maps(subject, pairs.over_attending, layers)
    examples = {}
    for number, layer in enumerate(layers):
        attention = torch.cat([clean[number], bad[number], _maps_over_shut_out(subject, pairs, layer, keys)])
        hijacked = torch.zeros(attention.shape[0], attention.shape[1], attention.shape[3], dtype=torch.bool)
        hijacked[len(pairs) :, :, keys] = torch.from_numpy(np.concatenate([pairs.hijacking] * 2))[:, None]
        benign = torch.arange(len(attention)) < len(pairs)
        examples[layer] = unpadded(attention, hijacked, torch.zeros_like(hijacked), benign)
    return examples


def record_maps(subject: Subject, records: Sequence[Record], layers: Sequence[int]) -> list[Tensor]:
    """The maps of records in the untouched model.

    Args:
        subject: a model for records.
        records: at least one.
        layers: numbers of the layers to take.

    Returns:
        For each of the layers `[n, heads, queries, keys]`.
    """
    return maps_of(subject, records, _BATCH, layers)


def _maps_over_shut_out(subject: Subject, pairs: FlippedPairs, layer: int, keys: Sequence[int]) -> Tensor:
    """What a layer computes for the over-attending records when all layers below shut out what hijacks them.

    `[n, heads, queries, keys]`; the layer's own map is left as it is, for that is what its detector gets to see.
    """
    layers = len(attention_layers(subject.model))
    found: list[tuple[Tensor, Tensor]] = []
    for pattern in np.unique(pairs.hijacking, axis=0):
        same = np.flatnonzero((pairs.hijacking == pattern).all(axis=1)).tolist()
        columns = tuple(key for key, hit in zip(keys, pattern.tolist(), strict=True) if hit)
        with hotfix(subject.model, FixedColumns(layers, tuple(range(layer)), columns)):
            (maps,) = record_maps(subject, [pairs.over_attending[index] for index in same], [layer])
        found.append((torch.tensor(same), maps))
    order = torch.cat([same for same, _ in found]).argsort()
    return torch.cat([maps for _, maps in found])[order]
