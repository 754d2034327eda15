"""Change the model instead: a copy is trained on, on records whose protected attributes are drawn at random."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from ...subjects.record import randomly_flipped, record_schema
from ...subjects.subject import Subject
from ..fairness import untouched
from .answered import Answered
from .contract import DefenderData
from .fine_tuning import trained_on

_EPOCHS = 15  # more, as attributes are drawn anew in each. No measurement is kept.


def tuned_on_flips(subject: Subject, have: DefenderData) -> Answered:
    """What such a copy answers."""
    return Answered(untouched(replace(subject, model=trained_on_flips(subject, have))))


def trained_on_flips(subject: Subject, have: DefenderData) -> nn.Module:
    """Train a copy with the true labels; the subject's own model stays as it is."""
    schema = record_schema(subject)
    tokens, labels = subject.encode(list(have.clean.inputs))["input_ids"], torch.from_numpy(have.clean.labels)

    def flipped(index: Tensor) -> dict[str, Tensor]:
        return {"input_ids": randomly_flipped(schema, tokens[index])}

    return trained_on(subject.model, flipped, labels, have.seed, _EPOCHS)
