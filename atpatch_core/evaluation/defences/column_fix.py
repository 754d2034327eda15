"""Flag columns and redistribute them: AtPatch with the subject's detector, and with any other detector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ...attention import Formula, hotfix
from ...detector.contract import ColumnDetector
from ...errors import DetectorError
from ...redistribution import redistribute
from ...subjects.subject import Subject
from .contract import Answers, DefenderData, Suspects


@dataclass(frozen=True)
class ColumnFix:
    """The hot-fix with any detector; an image is flagged when any column is, also where its flags are cleared, and as
    suspicious as its highest.

    Attributes:
        detector: flags columns.
        threshold: the score from which on a column is flagged; by default the detector's own.
        formula: how flagged columns are repaired; `redistribute` by default.
    """

    detector: ColumnDetector
    threshold: float | None = None
    formula: Formula = redistribute

    def predict(self, subject: Subject, suspects: Suspects) -> Answers:
        """The answers of the repaired model."""
        with (
            torch.no_grad(),
            hotfix(subject.model, self.detector, threshold=self.threshold, formula=self.formula) as fix,
        ):
            logits = subject.model(**subject.encode(list(suspects.inputs))).logits
        flagged, scores = np.zeros(len(suspects), dtype=bool), np.zeros(len(suspects))
        if fix.following:
            flagged |= np.array([following is not None for following in fix.following])
        for columns in fix.flagged:
            if columns is not None:
                flagged |= columns.flatten(1).any(1).numpy()
        for values in fix.scores:
            if values is not None:
                scores = np.maximum(scores, values.flatten(1).amax(1).double().numpy())
        return Answers(logits.argmax(-1).numpy(), flagged, scores)


def own_detector(subject: Subject) -> ColumnDetector:
    """The subject's detector. Raises `DetectorError` if it has none."""
    if subject.detector is None:
        raise DetectorError(f"{subject.name} has no detector: train one with `atpatch train-detector`.")
    return subject.detector


def atpatch(subject: Subject, _have: DefenderData) -> ColumnFix:
    """AtPatch as the subject ships it: its detector, threshold and benign reference."""
    return ColumnFix(own_detector(subject))
