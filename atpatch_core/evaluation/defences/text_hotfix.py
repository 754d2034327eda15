"""AtPatch on texts: scored with nothing repaired yet, answered with the hot-fix."""

from __future__ import annotations

from dataclasses import dataclass

from ...debugging.answers import answers
from ...debugging.layer_scores import layer_scores
from ...detector.contract import ColumnDetector
from ...subjects.subject import Subject
from .column_fix import own_detector
from .contract import Answers, DefenderData, Suspects


@dataclass(frozen=True)
class TextFix:
    """The hot-fix with `detector`; a text is as suspicious as its highest column in any watched layer."""

    detector: ColumnDetector

    def predict(self, subject: Subject, suspects: Suspects) -> Answers:
        """The answers of the repaired model."""
        scores = layer_scores(subject, self.detector, suspects.inputs).max(1, initial=0.0)
        labels = answers(subject, suspects.inputs, self.detector)
        return Answers(labels, scores >= self.detector.threshold, scores)


def text_hotfix(subject: Subject, _have: DefenderData) -> TextFix:
    """AtPatch as the subject ships it."""
    return TextFix(own_detector(subject))
