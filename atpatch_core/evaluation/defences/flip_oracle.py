"""The bound for records: somebody who tries all flips of every person repairs exactly who is discriminated against.

Nobody has that in the field; it bounds what a detector can do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...attention import hotfix
from ...debugging.attribute_flips import hijacked_by, predictions
from ...subjects.subject import Subject
from ..fairness import untouched
from .contract import Answers, DefenderData, Suspects, suspecting_nobody
from .protected_columns import fixed_columns, protected_keys


@dataclass(frozen=True)
class FlipOracle:
    """Redistributes the columns of the attributes that hijack a record."""

    keys: tuple[int, ...]

    def predict(self, subject: Subject, suspects: Suspects) -> Answers:
        """The answers of the model repaired with full knowledge."""
        records, keys = list(suspects.inputs), np.array(self.keys)
        labels = untouched(subject)(records)
        hijacking = hijacked_by(subject, records)
        for pattern in np.unique(hijacking, axis=0):
            if not pattern.any():
                continue
            same = np.flatnonzero((hijacking == pattern).all(axis=1))
            inputs = subject.encode([records[index] for index in same.tolist()])
            with hotfix(subject.model, fixed_columns(subject, tuple(keys[pattern].tolist()))):
                labels[same] = predictions(subject, inputs)
        return suspecting_nobody(labels)


def flip_oracle(subject: Subject, _have: DefenderData) -> FlipOracle:
    """Nothing but the columns of the protected attributes."""
    return FlipOracle(protected_keys(subject))
