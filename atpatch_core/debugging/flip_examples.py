"""Turn record pairs into the labelled maps a detector learns from."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

import torch
from torch import Tensor

from ..attention import capture, hotfix
from ..detector.contract import ColumnDetector
from ..detector.training import LayerExamples
from ..subjects.record_schema import Record
from ..subjects.subject import Subject
from .attribute_flips import FlippedPairs, record_schema

_BATCH = 500


def flip_examples(
    subject: Subject, pairs: FlippedPairs, layers: Sequence[int], patched_by: ColumnDetector | None = None
) -> dict[int, LayerExamples]:
    """The maps of both sides of `pairs` in each of `layers`, in the untouched model or while `patched_by` repairs it.

    In an over-attending record, the columns of the attributes that change its prediction count as hijacked in *every*
    head: a single head left alone would still carry the attribute on. Everything else counts as benign, the same
    columns in the clean counterparts above all.
    """
    schema = record_schema(subject)
    keys = [schema.key(one.name) for one in schema.protected]
    clean = record_maps(subject, pairs.clean, layers, patched_by)
    bad = record_maps(subject, pairs.over_attending, layers, patched_by)
    examples = {}
    for layer, benign, attention in zip(layers, clean, bad, strict=True):
        both = torch.cat([benign, attention])
        hijacked = torch.zeros(both.shape[0], both.shape[1], both.shape[3], dtype=torch.bool)
        hijacked[len(benign) :, :, keys] = torch.from_numpy(pairs.hijacking)[:, None]
        examples[layer] = LayerExamples(
            attention=both,
            key_valid=torch.ones(both.shape[0], both.shape[3], dtype=torch.bool),
            query_valid=torch.ones(both.shape[0], both.shape[2], dtype=torch.bool),
            hijacked=hijacked,
            ignored=torch.zeros_like(hijacked),
            benign=torch.arange(len(both)) < len(benign),
        )
    return examples


def record_maps(
    subject: Subject, records: Sequence[Record], layers: Sequence[int], detector: ColumnDetector | None = None
) -> list[Tensor]:
    """The maps `[n, heads, queries, keys]` of each of `layers`, in the untouched model or while `detector` repairs."""
    maps = []
    for start in range(0, len(records), _BATCH):
        with torch.no_grad(), ExitStack() as stack:
            if detector is not None:
                stack.enter_context(hotfix(subject.model, detector))
            kept = stack.enter_context(capture(subject.model, layers))
            subject.model(**subject.encode(list(records[start : start + _BATCH])))
        maps.append(kept.layers)
    return [torch.cat(chunks) for chunks in zip(*maps, strict=True)]
