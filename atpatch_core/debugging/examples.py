"""Turn pairs of clean and triggered inputs into a detector's examples: which columns of which heads were hijacked?"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np
import torch
from torch import Tensor

from ..attention import capture, hotfix
from ..detector.contract import ColumnDetector
from ..detector.training import LayerExamples
from ..subjects.image_files import from_array
from ..subjects.subject import Subject
from .sets import ImageDebuggingSet, covered_patches

HIJACKED_RISE = 0.15
CALM_RISE = 0.05
_BATCH = 250


def layer_examples(
    subject: Subject, pairs: ImageDebuggingSet, layers: Sequence[int], patched_by: ColumnDetector | None = None
) -> dict[int, LayerExamples]:
    """The maps of `layers` for all pairs, clean inputs first, with labels for every column of every head.

    A column under the trigger is *hijacked* in a head where, against the clean twin, some query gives it at least
    `HIJACKED_RISE` more attention, and the trigger changes the model's answer. It is ignored where the rise lies
    between `CALM_RISE` and that, or the answer does not change; all other columns are benign. With `patched_by`, the
    maps are those the model has while that detector repairs it (a repaired layer changes the layers after it); the
    labels are judged in the untouched model all the same.
    """
    clean_answers, clean_maps = _run(subject, pairs.clean, layers, None)
    bad_answers, bad_maps = _run(subject, pairs.triggered, layers, None)
    grid = subject.layout(from_array(pairs.clean[0]), clean_maps[0].shape[-1]).grid
    if grid is None:
        raise ValueError(f"{subject.name} has no grid of patches to find a trigger in.")
    covered = torch.from_numpy(covered_patches(pairs.boxes, grid, *pairs.clean.shape[1:3]))
    special = clean_maps[0].shape[-1] - covered.shape[1]
    covered = torch.nn.functional.pad(covered, (special, 0))[:, None]
    flipped = (clean_answers != bad_answers)[:, None, None]

    examples = {}
    seen_clean, seen_bad = clean_maps, bad_maps
    if patched_by is not None:
        seen_clean = _run(subject, pairs.clean, layers, patched_by)[1]
        seen_bad = _run(subject, pairs.triggered, layers, patched_by)[1]
    for position, layer in enumerate(layers):
        rise = (bad_maps[position] - clean_maps[position]).amax(-2)
        hijacked = covered & flipped & (rise >= HIJACKED_RISE)
        ignored = covered & ~hijacked & (rise >= CALM_RISE)
        clean, bad = seen_clean[position], seen_bad[position]
        count, _, queries, keys = clean.shape
        examples[layer] = LayerExamples(
            attention=torch.cat([clean, bad]),
            key_valid=torch.ones(2 * count, keys, dtype=torch.bool),
            query_valid=torch.ones(2 * count, queries, dtype=torch.bool),
            hijacked=torch.cat([torch.zeros_like(hijacked), hijacked]),
            ignored=torch.cat([torch.zeros_like(ignored), ignored]),
            benign=torch.arange(2 * count) < count,
        )
    return examples


def _run(
    subject: Subject, images: np.ndarray, layers: Sequence[int], detector: ColumnDetector | None
) -> tuple[Tensor, list[Tensor]]:
    answers, maps = [], []
    for start in range(0, len(images), _BATCH):
        batch = subject.encode([from_array(image) for image in images[start : start + _BATCH]])
        with torch.no_grad(), ExitStack() as stack:
            if detector is not None:
                stack.enter_context(hotfix(subject.model, detector))
            kept = stack.enter_context(capture(subject.model, layers))
            answers.append(subject.model(**batch).logits.argmax(-1))
        maps.append(kept.layers)
    return torch.cat(answers), [torch.cat(chunks) for chunks in zip(*maps, strict=True)]
