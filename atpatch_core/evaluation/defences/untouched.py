"""No fix: the model as it is."""

from __future__ import annotations

from dataclasses import dataclass

from ...debugging.answers import answers
from ...subjects.subject import Subject
from .contract import Answers, DefenderData, Suspects, suspecting_nobody


@dataclass(frozen=True)
class Untouched:
    """Answers what the model answers, and flags nothing."""

    def predict(self, subject: Subject, suspects: Suspects) -> Answers:
        """The model's own answers."""
        return suspecting_nobody(answers(subject, suspects.inputs))


def no_fix(_subject: Subject, _have: DefenderData) -> Untouched:
    """Nothing to prepare."""
    return Untouched()
