"""What would the model answer if a protected attribute of this person were another, without and with the hot-fix?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from ..attention import hotfix
from ..column import Column
from ..subjects.record import record_schema
from ..subjects.record_schema import Record, Value
from ..subjects.subject import Subject
from .results import Prediction

_AT_ONCE = 16  # records in one batch: few enough to be stopped soon, and to fit into memory


@dataclass(frozen=True)
class WhatIf:
    """The predictions for one person with `attribute` set to `value` and all else the same."""

    attribute: str
    value: Value
    original: Prediction
    patched: Prediction


def count_flips(subject: Subject, record: Record) -> int:
    """How many other values the protected attributes of a record have. Raises `InputError` as `what_if` does."""
    schema = record_schema(subject)
    return sum(len(schema.flips(record, one.name)) for one in schema.protected)


def what_if(
    subject: Subject,
    record: Record,
    threshold: float | None = None,
    columns: Sequence[Column] = (),
    on_step: Callable[[int, int], None] | None = None,
) -> tuple[WhatIf, ...]:
    """Every other value of every protected attribute, one at a time.

    `threshold` and `columns` are those of `inspect`; without detector and columns the patched prediction is the
    original one. `on_step` is called with (values done, values in all) before each few and after the last; what it
    raises ends the work and is passed on. Raises `InputError` for a subject that takes no records.
    """
    schema = record_schema(subject)
    flips = [(one.name, flip) for one in schema.protected for flip in schema.flips(record, one.name)]
    if not flips:
        return ()
    found: list[WhatIf] = []
    for first in range(0, len(flips), _AT_ONCE):
        if on_step is not None:
            on_step(first, len(flips))
        some = flips[first : first + _AT_ONCE]
        inputs = subject.encode([flip for _, flip in some])
        original = _predict(subject, inputs)
        patched = original
        if subject.detector is not None or columns:
            with hotfix(subject, threshold=threshold, columns=columns):
                patched = _predict(subject, inputs)
        answers = zip(some, original, patched, strict=True)
        found += [WhatIf(name, flip[name], before, after) for (name, flip), before, after in answers]
    if on_step is not None:
        on_step(len(flips), len(flips))
    return tuple(found)


def _predict(subject: Subject, inputs: dict[str, torch.Tensor]) -> list[Prediction]:
    with torch.no_grad():
        probabilities = subject.model(**inputs).logits.float().softmax(-1)
    return [Prediction(row, subject.labels) for row in probabilities]
