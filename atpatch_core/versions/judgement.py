"""How well a version separates inputs, and what any threshold would mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

from ..debugging.layer_scores import layer_scores
from ..detector.contract import ColumnDetector
from ..subjects.subject import Subject


@dataclass(frozen=True)
class Confusion:
    """What a threshold does to judged inputs.

    Attributes:
        found: over-attended inputs that are flagged.
        missed: over-attended inputs that are not.
        false_alarms: other inputs that are flagged.
        left_alone: other inputs that are not.
    """

    found: int
    missed: int
    false_alarms: int
    left_alone: int

    @property
    def false_positive_rate(self) -> float:
        """Share of the other inputs that are flagged; NaN without any."""
        others = self.false_alarms + self.left_alone
        return self.false_alarms / others if others else math.nan

    @property
    def true_positive_rate(self) -> float:
        """Share of the over-attended inputs that are found; NaN without any."""
        over_attended = self.found + self.missed
        return self.found / over_attended if over_attended else math.nan


@dataclass(frozen=True)
class Judged:
    """How well scores separate the inputs that ought to be flagged from the others; made by `judge`.

    Attributes:
        scores: the highest column score of each input, float64 `[n]`.
        over_attended: which ones ought to be flagged, bool `[n]`.
        auroc: area under the ROC curve, 0 to 1; `None` if only one kind of input was judged.
        average_precision: 0 to 1; `None` if only one kind of input was judged.
    """

    scores: np.ndarray
    over_attended: np.ndarray
    auroc: float | None
    average_precision: float | None


def input_scores(subject: Subject, detector: ColumnDetector, inputs: Sequence[Any]) -> np.ndarray:
    """The highest score that a detector gives any column of each input in the untouched model.

    Args:
        subject: the model.
        detector: gives the scores.
        inputs: as `subject.read` returns them.

    Returns:
        float64 `[n]`, 0 to 1.
    """
    highest: np.ndarray = layer_scores(subject, detector, inputs).max(1, initial=0.0)
    return highest


def judge(scores: np.ndarray, over_attended: np.ndarray) -> Judged:
    """Measure how well scores separate the over-attended inputs from the others.

    Args:
        scores: the highest column score of each input, float64 `[n]`.
        over_attended: which ones ought to be flagged, bool `[n]`.

    Example:
        >>> judged = judge(np.array([0.1, 0.4, 0.9]), np.array([False, False, True]))
        >>> judged.auroc, confusion(judged, threshold=0.3)
        (1.0, Confusion(found=1, missed=0, false_alarms=1, left_alone=1))
    """
    both = bool(over_attended.any() and (~over_attended).any())
    return Judged(
        scores,
        over_attended,
        float(roc_auc_score(over_attended, scores)) if both else None,
        float(average_precision_score(over_attended, scores)) if both else None,
    )


def confusion(judged: Judged, threshold: float) -> Confusion:
    """What it does to flag all inputs that score `threshold` or more."""
    flagged, truth = judged.scores >= threshold, judged.over_attended
    return Confusion(
        int((flagged & truth).sum()),
        int((~flagged & truth).sum()),
        int((flagged & ~truth).sum()),
        int((~flagged & ~truth).sum()),
    )


def threshold_for(judged: Judged, false_positive_rate: float) -> float:
    """The lowest threshold that at most a wanted share of the inputs that ought not to be flagged reaches.

    It is a share of these very inputs; a detector's own threshold also allows for inputs yet to come.

    Args:
        judged: the scores.
        false_positive_rate: the wanted share, 0 to 1.
    """
    others = np.sort(judged.scores[~judged.over_attended])[::-1]
    allowed = math.floor(false_positive_rate * len(others) + 1e-9)
    if allowed >= len(others):
        return 0.0
    return float(np.nextafter(others[allowed], np.inf))


def precision_and_recall(judged: Judged) -> tuple[np.ndarray, np.ndarray]:
    """Precision and recall, float64 `[points]` each, at every threshold from the highest down."""
    precision, recall, _ = precision_recall_curve(judged.over_attended, judged.scores)
    return precision[::-1], recall[::-1]
