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
    """The predictions for one person with one attribute changed and everything else the same; made by `what_if`.

    Attributes:
        attribute: the name of the changed field.
        value: what it was set to.
        original: the answer of the untouched model.
        patched: the answer of the hot-fixed model.
    """

    attribute: str
    value: Value
    original: Prediction
    patched: Prediction


def count_flips(subject: Subject, record: Record) -> int:
    """How many other values the protected attributes of a record have, all together.

    Raises:
        InputError: the subject does not take records, or the record is not valid.
    """
    schema = record_schema(subject)
    return sum(len(schema.flips(record, attribute.name)) for attribute in schema.protected)


def what_if(
    subject: Subject,
    record: Record,
    threshold: float | None = None,
    columns: Sequence[Column] = (),
    on_step: Callable[[int, int], None] | None = None,
) -> tuple[WhatIf, ...]:
    """Change every protected attribute of a record to each of its other values, one at a time, and look at the answers.

    Args:
        subject: a model that takes records.
        record: the person as they are, as `subject.read` returns it.
        threshold: the score from which on a column is flagged; by default the detector's calibrated threshold.
        columns: columns to redistribute in addition to the flagged ones; none by default.
        on_step: called with (values done, values in all) before each batch of values and after the last; an exception
            it raises ends the work and is passed on.

    Returns:
        One result for each other value, attribute by attribute. Without detector and columns, `patched` equals
        `original`.

    Raises:
        InputError: the subject does not take records, or the record is not valid.
        DetectorError, HotfixError: as `inspect` does.

    Example:
        >>> import atpatch_core as atpatch
        >>> from pathlib import Path
        >>> subject = atpatch.load("sample_models/adult-tabular-sex")
        >>> record = subject.read(Path("assets/samples/record-female-decided-1.json").read_bytes())
        >>> answer = atpatch.inspect(subject, record)
        >>> answer.original.prediction.label, answer.patched.prediction.label
        ('<=50K', '>50K')
        >>> flip = what_if(subject, record)[0]
        >>> flip.attribute, flip.value, flip.original.label, flip.patched.label
        ('sex', 'Male', '>50K', '>50K')
    """
    schema = record_schema(subject)
    flips = [(attribute.name, flip) for attribute in schema.protected for flip in schema.flips(record, attribute.name)]
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
