"""The bound for texts: where the trigger's words are known, exactly their columns are redistributed, in all layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...subjects.subject import Subject
from ...triggers.text import Span
from .contract import Answers, DefenderData, Suspects
from .known_words import repaired_at


@dataclass(frozen=True)
class TextOracle:
    """Redistributes the columns that overlap the trigger's spans; texts without a trigger are left alone."""

    def predict(self, subject: Subject, suspects: Suspects) -> Answers:
        """The answers of the model repaired with full knowledge."""
        columns = [
            [key for key, own in enumerate(subject.layout(text, 0).spans or ()) if own and _overlaps(own, spans)]
            for text, spans in zip(suspects.inputs, suspects.triggered, strict=True)
        ]
        hit = np.array([bool(keys) for keys in columns])
        return Answers(repaired_at(subject, suspects.inputs, columns), hit, hit.astype(float))


def text_oracle(_subject: Subject, _have: DefenderData) -> TextOracle:
    """Nothing to prepare."""
    return TextOracle()


def _overlaps(own: Span, spans: Sequence[Span]) -> bool:
    return any(own[0] < end and own[1] > start for start, end in spans)
