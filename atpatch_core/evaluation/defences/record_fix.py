"""AtPatch on records, as the subject ships it and with another reference, formula or detector."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...attention import Formula
from ...detector.contract import ColumnDetector
from ...detector.reference import ReferenceKind
from ...detector.trained import TrainedDetector
from ...errors import DetectorError
from ...redistribution import redistribute
from ...subjects.subject import Subject
from ..fairness import hotfixed
from .contract import Answers, DefenderData, Suspects, suspecting_nobody
from .no_rescale import shrink_only
from .z_score import column_z_scores

_FLAGGED_BY_Z_SCORE = 0.005  # of the defender's records, which it takes for benign


@dataclass(frozen=True)
class RecordFix:
    """The hot-fix with `detector`, by `formula`."""

    detector: ColumnDetector
    formula: Formula = redistribute

    def predict(self, subject: Subject, suspects: Suspects) -> Answers:
        """The answers of the repaired model."""
        repaired = hotfixed(replace(subject, detector=self.detector), formula=self.formula)
        return suspecting_nobody(repaired(list(suspects.inputs)))


def trained_detector(subject: Subject) -> TrainedDetector:
    """The subject's detector. Raises `DetectorError` if it has none that was trained."""
    if not isinstance(subject.detector, TrainedDetector):
        raise DetectorError(f"{subject.name} has no trained detector: there is no hot-fix to compare with.")
    return subject.detector


def record_fix(subject: Subject, _have: DefenderData) -> RecordFix:
    """AtPatch as the subject ships it."""
    return RecordFix(trained_detector(subject))


def flagged_to(kind: ReferenceKind, subject: Subject, _have: DefenderData) -> RecordFix:
    """Flagged columns keep what the reference `kind` says."""
    return RecordFix(replace(trained_detector(subject), reference=kind))


def not_rescaled(subject: Subject, _have: DefenderData) -> RecordFix:
    """The subject's detector and reference, rows not rescaled."""
    return RecordFix(trained_detector(subject), shrink_only)


def record_z_score(subject: Subject, have: DefenderData) -> RecordFix:
    """Columns far above their mean in the defender's records; nothing is learnt."""
    return RecordFix(column_z_scores(subject, have.clean.inputs, _FLAGGED_BY_Z_SCORE))
