"""The attention that a flagged column may keep, the same for all defences that are compared on what they flag."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ...attention import attention_layers, capture
from ...detector.reference import ReferenceKind, benign_reference
from ...subjects.subject import Subject
from .contract import DefenderData

Share = Callable[[int, Tensor, Tensor], Tensor]  # layer, attention, key_valid, as in `ColumnDetector.benign`


def own_share(subject: Subject) -> Share:
    """That of the subject's detector, or one fair part if it has none."""
    return subject.detector.benign if subject.detector is not None else share_of("uniform")


def share_of(kind: ReferenceKind) -> Share:
    """A share that needs no benign maps: "uniform", "low-quantile" or "zero"."""
    return lambda _layer, attention, key_valid: benign_reference(kind, attention, key_valid, torch.zeros(()))


def watched_layers(subject: Subject) -> tuple[int, ...]:
    """The layers that the subject's detector watches, or all if it watches none."""
    watched = subject.detector.watched if subject.detector is not None else ()
    return watched or tuple(range(len(attention_layers(subject.model))))


def map_sizes(subject: Subject, have: DefenderData) -> tuple[tuple[int, int], ...]:
    """(heads, keys) of every layer's maps."""
    with torch.no_grad(), capture(subject.model) as maps:
        subject.model(**subject.encode(have.clean.inputs[0]))
    return tuple((int(layer.shape[1]), int(layer.shape[-1])) for layer in maps.layers)
