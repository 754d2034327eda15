"""Turn pairs of clean and triggered inputs into a detector's examples: which columns of which heads were hijacked?

A column that draws more attention under a trigger need not matter. So every head is put to the test: its columns under
the trigger are redistributed, and nothing else; only if that takes back a good part of what the trigger did to the
answer has the head been hijacked.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ..attention import capture, hotfix
from ..detector.known import KnownColumns
from ..detector.trained import TrainedDetector
from ..detector.training import LayerExamples, unpadded
from ..subjects.image_files import from_array
from ..subjects.subject import Subject
from .sets import ImageDebuggingSet

# What lies between hijacked and calm is left out: the further apart, the cleaner the labels and the fewer. No
# measurement of them is kept.
HIJACKED_RISE = 0.15  # of a query's attention
CALM_RISE = 0.05  # of a query's attention
MOVED = 1.0  # in log-odds: below, what is pasted on an input does not matter to the model
TAKEN_BACK = 0.1  # of the shift in log-odds, by one head alone
_BATCH = 50  # whole maps of every layer are held for so many inputs at a time


@dataclass(frozen=True)
class ColumnLabels:
    """Labels for the columns of one layer in the triggered inputs of a debugging set.

    Attributes:
        hijacked: columns that are over-attended because of a trigger and drive the answer, bool `[pairs, heads, keys]`.
        ignored: columns that are neither clearly so nor clearly benign, bool `[pairs, heads, keys]`.
    """

    hijacked: Tensor
    ignored: Tensor


def label_columns(subject: Subject, pairs: ImageDebuggingSet) -> tuple[ColumnLabels, ...]:
    """Label every column of every head of every layer, as they are in the untouched model.

    A column under the trigger is *hijacked* where three things come together: the trigger changes the model's answer;
    some query gives the column at least `HIJACKED_RISE` more attention than in the clean twin; and redistributing the
    columns under the trigger in this head alone takes back `TAKEN_BACK` of the shift in log-odds between the two
    answers. It is ignored where it is not hijacked, but its attention rises by `CALM_RISE` and the answer moves by
    `MOVED`. All others are benign: also those that draw attention to what the model then makes nothing of.

    Args:
        subject: a model for images.
        pairs: clean and triggered images.

    Returns:
        The labels of each layer.
    """
    parts = [_label(subject, pairs[start : start + _BATCH]) for start in range(0, len(pairs), _BATCH)]
    return tuple(
        ColumnLabels(
            torch.cat([labels.hijacked for labels in of_layer]),
            torch.cat([labels.ignored for labels in of_layer]),
        )
        for of_layer in zip(*parts, strict=True)
    )


def layer_examples(
    subject: Subject,
    pairs: ImageDebuggingSet,
    labels: Sequence[ColumnLabels],
    layers: Sequence[int],
    patched_by: TrainedDetector | None = None,
) -> dict[int, LayerExamples]:
    """The maps of some layers for all pairs, clean inputs first, with their labels.

    Args:
        subject: a model for images.
        pairs: clean and triggered images.
        labels: those of each layer of the model, as `label_columns` gives them.
        layers: numbers of the layers to take.
        patched_by: if given, each layer's maps are those that its detector gets to see while this one repairs the
            layers before it, since a repaired layer changes the layers after it; by default nothing is repaired.

    Returns:
        The examples of each layer, by its number.
    """
    examples = {}
    for layer in layers:
        before = None
        if patched_by is not None:
            before = replace(patched_by, watched=tuple(earlier for earlier in patched_by.watched if earlier < layer))
        clean, bad = (_maps(subject, images, layer, before) for images in (pairs.clean, pairs.triggered))
        count = len(clean)
        # Where the layers before it have been repaired, a layer may no longer be hijacked.
        still = (bad - clean).amax(-2) >= HIJACKED_RISE
        hijacked = labels[layer].hijacked & still
        ignored = labels[layer].ignored | (labels[layer].hijacked & ~still)
        examples[layer] = unpadded(
            attention=torch.cat([clean, bad]),
            hijacked=torch.cat([torch.zeros_like(hijacked), hijacked]),
            ignored=torch.cat([torch.zeros_like(ignored), ignored]),
            benign=torch.arange(2 * count) < count,
        )
    return examples


def _label(subject: Subject, pairs: ImageDebuggingSet) -> list[ColumnLabels]:
    clean, bad = (_encode(subject, images) for images in (pairs.clean, pairs.triggered))
    with torch.no_grad(), capture(subject.model) as kept:
        clean_logits = subject.model(**clean).logits
        clean_maps = kept.layers
        bad_logits = subject.model(**bad).logits
        bad_maps = kept.layers
    special = bad_maps[0].shape[-1] - pairs.covered.shape[1]
    covered = torch.nn.functional.pad(torch.from_numpy(pairs.covered), (special, 0))
    own = clean_logits.argmax(-1)
    flipped = own != bad_logits.argmax(-1)
    # Where the answer stays, what counts is the class that comes closest to taking over.
    rival = torch.where(flipped, bad_logits.argmax(-1), bad_logits.scatter(1, own[:, None], -torch.inf).argmax(-1))

    def odds(logits: Tensor) -> Tensor:
        return (logits.gather(1, rival[:, None]) - logits.gather(1, own[:, None])).squeeze(1)

    shift = odds(bad_logits) - odds(clean_logits)
    moved = flipped | (shift > MOVED)
    labels = []
    for layer, (before, after) in enumerate(zip(clean_maps, bad_maps, strict=True)):
        rise = (after - before).amax(-2)
        risen = covered[:, None] & flipped[:, None, None] & (rise >= HIJACKED_RISE)
        drives = torch.zeros(*rise.shape[:2], 1, dtype=torch.bool)
        for head in risen.any(-1).any(0).nonzero().flatten().tolist():
            flagged = torch.zeros_like(risen)
            flagged[:, head] = covered
            with torch.no_grad(), hotfix(subject.model, KnownColumns(len(bad_maps), {layer: flagged})):
                without = subject.model(**bad).logits
            drives[:, head, 0] = odds(bad_logits) - odds(without) >= TAKEN_BACK * shift
        hijacked = risen & drives
        labels.append(ColumnLabels(hijacked, covered[:, None] & moved[:, None, None] & ~hijacked & (rise >= CALM_RISE)))
    return labels


def _maps(subject: Subject, images: np.ndarray, layer: int, detector: TrainedDetector | None) -> Tensor:
    maps = []
    for start in range(0, len(images), _BATCH):
        batch = _encode(subject, images[start : start + _BATCH])
        with torch.no_grad(), ExitStack() as stack:
            if detector is not None and detector.watched:
                stack.enter_context(hotfix(subject.model, detector))
            kept = stack.enter_context(capture(subject.model, [layer]))
            subject.model(**batch)
        maps.append(kept.layers[0])
    return torch.cat(maps)


def _encode(subject: Subject, images: np.ndarray) -> dict[str, Tensor]:
    return subject.encode([from_array(image) for image in images])
