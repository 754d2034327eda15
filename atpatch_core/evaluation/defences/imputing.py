"""Repair the record instead of the attention: the model never learns the true value of some attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...subjects.record_schema import Value
from ...subjects.subject import Subject
from ..fairness import untouched
from .contract import Answers, DefenderData, Suspects, suspecting_nobody


@dataclass(frozen=True)
class Imputed:
    """Asks the untouched model with `values` in place of those of each record; with none, about the records as they
    are.
    """

    values: Mapping[str, Value]

    def predict(self, subject: Subject, suspects: Suspects) -> Answers:
        """The model's answers."""
        return suspecting_nobody(untouched(subject)([{**record, **self.values} for record in suspects.inputs]))


def imputed(values: Mapping[str, Value], _subject: Subject, _have: DefenderData) -> Imputed:
    """Nothing to prepare."""
    return Imputed(values)
