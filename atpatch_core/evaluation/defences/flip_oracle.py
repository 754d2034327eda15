"""The bound for records: all flips of every person are tried, and exactly who is discriminated against is repaired.

It costs too much in the field; it bounds what a detector can do.
"""

from __future__ import annotations

import numpy as np

from ...attention import hotfix
from ...debugging.attribute_flips import hijacked_by, predictions
from ...subjects.record_schema import Record
from ...subjects.subject import Subject
from ..fairness import untouched
from .answered import Answered
from .contract import DefenderData
from .protected_columns import fixed_columns, protected_keys


def flip_oracle(subject: Subject, _have: DefenderData) -> Answered:
    """Redistributes the columns of the attributes that hijack a record."""
    keys = np.array(protected_keys(subject))

    def answer(records: list[Record]) -> np.ndarray:
        labels = untouched(subject)(records)
        hijacking = hijacked_by(subject, records)
        for pattern in np.unique(hijacking, axis=0):
            if not pattern.any():
                continue
            same = np.flatnonzero((hijacking == pattern).all(axis=1))
            inputs = subject.encode([records[index] for index in same.tolist()])
            with hotfix(subject.model, fixed_columns(subject, tuple(keys[pattern].tolist()))):
                labels[same] = predictions(subject, inputs)
        return labels

    return Answered(answer)
