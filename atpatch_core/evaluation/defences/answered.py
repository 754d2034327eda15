"""A defence of records that is a way of answering them and nothing more: none says who is treated unfairly."""

from __future__ import annotations

from dataclasses import dataclass

from ...subjects.subject import Subject
from ..fairness import Answering
from .contract import Answers, Suspects, suspecting_nobody


@dataclass(frozen=True)
class Answered:
    """Answers what `answering` makes of the records, and flags none."""

    answering: Answering

    def predict(self, subject: Subject, suspects: Suspects) -> Answers:
        """Those answers."""
        return suspecting_nobody(self.answering(list(suspects.inputs)))
