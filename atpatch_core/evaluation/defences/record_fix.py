"""AtPatch on records, as the subject ships it and with another reference, formula or detector."""

from __future__ import annotations

from dataclasses import replace

from ...attention import Formula
from ...detector.contract import ColumnDetector
from ...detector.reference import ReferenceKind
from ...detector.trained import TrainedDetector
from ...errors import DetectorError
from ...redistribution import redistribute
from ...subjects.subject import Subject
from ..fairness import hotfixed
from .answered import Answered
from .contract import DefenderData
from .no_rescale import shrink_only
from .z_score import column_z_scores

_FLAGGED_BY_Z_SCORE = 0.005  # of the defender's records, which it takes for benign. No measurement is kept.


def record_fix(subject: Subject, detector: ColumnDetector, formula: Formula = redistribute) -> Answered:
    """The hot-fix with any detector.

    Args:
        subject: a model for records.
        detector: flags columns.
        formula: how flagged columns are repaired; `redistribute` by default.
    """
    return Answered(hotfixed(replace(subject, detector=detector), formula=formula))


def trained_detector(subject: Subject) -> TrainedDetector:
    """The subject's detector. Raises `DetectorError` if it has none that was trained."""
    if not isinstance(subject.detector, TrainedDetector):
        raise DetectorError(f"{subject.name} has no trained detector: there is no hot-fix to compare with.")
    return subject.detector


def record_atpatch(subject: Subject, _have: DefenderData) -> Answered:
    """AtPatch as the subject ships it."""
    return record_fix(subject, trained_detector(subject))


def flagged_to(kind: ReferenceKind, subject: Subject, _have: DefenderData) -> Answered:
    """The subject's detector with another benign reference.

    Args:
        kind: of the reference.
        subject: a model for records.
        _have: not used.

    Raises:
        DetectorError: the subject has no trained detector.
    """
    return record_fix(subject, replace(trained_detector(subject), reference=kind))


def not_rescaled(subject: Subject, _have: DefenderData) -> Answered:
    """The subject's detector and reference, rows not rescaled."""
    return record_fix(subject, trained_detector(subject), shrink_only)


def record_z_score(subject: Subject, have: DefenderData) -> Answered:
    """Columns far above their mean in the defender's records; nothing is learnt."""
    return record_fix(subject, column_z_scores(subject, have.clean.inputs, _FLAGGED_BY_Z_SCORE))
