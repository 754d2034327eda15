"""What would the model answer if a protected attribute of this person were another, without and with the hot-fix?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from .attention import hotfix
from .debugging.attribute_flips import record_schema
from .inspection import Column, Prediction
from .subjects.record_schema import Record, Value
from .subjects.subject import Subject


@dataclass(frozen=True)
class WhatIf:
    """The predictions for one person with `attribute` set to `value` and all else the same."""

    attribute: str
    value: Value
    original: Prediction
    patched: Prediction


def what_if(
    subject: Subject, record: Record, threshold: float | None = None, columns: Sequence[Column] = ()
) -> tuple[WhatIf, ...]:
    """Every other value of every protected attribute, one at a time.

    `threshold` and `columns` are those of `inspect`; without detector and columns the patched prediction is the
    original one. Raises `InputError` for a subject that takes no records.
    """
    schema = record_schema(subject)
    flips = [(one.name, flip) for one in schema.protected for flip in schema.flips(record, one.name)]
    if not flips:
        return ()
    inputs = subject.encode([flip for _, flip in flips])
    original = _predict(subject, inputs)
    patched = original
    if subject.detector is not None or columns:
        with hotfix(subject, threshold=threshold, columns=columns):
            patched = _predict(subject, inputs)
    answers = zip(flips, original, patched, strict=True)
    return tuple(WhatIf(name, flip[name], before, after) for (name, flip), before, after in answers)


def _predict(subject: Subject, inputs: dict[str, torch.Tensor]) -> list[Prediction]:
    with torch.no_grad():
        probabilities = subject.model(**inputs).logits.float().softmax(-1)
    return [Prediction(row, subject.labels) for row in probabilities]
