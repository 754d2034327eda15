"""Choose watched layer, threshold and benign reference of a detector for texts, on texts it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..detector.calibration import calibrate_threshold
from ..detector.contract import ColumnDetector
from ..detector.reference import KINDS, ReferenceKind
from ..detector.trained import TrainedDetector
from ..subjects.subject import Subject
from .answers import answers, answers_to
from .layer_scores import layer_scores, scores_in
from .text_examples import embed_pairs
from .text_set import TextDebuggingSet
from .tuning import Choice, Tuned, least_left

_REPAIRED = 24  # triggered texts that every reference is tried on; following a flag takes many forwards


def tune_on_texts(
    detector: TrainedDetector,
    subject: Subject,
    pairs: TextDebuggingSet,
    benign: Sequence[str],
    false_positive_rate: float,
    seed: int = 0,
) -> Tuned:
    """Watch the one layer that tells triggered texts best, the last of equals; then pick the benign reference.

    One layer is enough, because what is flagged in it is followed and repaired in all layers of the detector's reach.

    Args:
        detector: watches all layers that may be picked.
        subject: a model for texts.
        pairs: texts that it was not trained on. Where no trigger turns a text, no layer is watched.
        benign: further clean texts that bound the rate of false alarms.
        false_positive_rate: the share of clean texts that may have a flagged column.
        seed: where the triggers stand; 0 by default.

    Returns:
        The detector as it was chosen, and all settings that were tried.
    """
    encoded = [batch.inputs for batch in embed_pairs(subject, pairs, seed)]
    targets = np.array([pairs.triggers[trigger].target for trigger in pairs.which], dtype=np.int64)
    turned = answers_to(subject, encoded) == targets
    if not detector.watched or not turned.any():
        return Tuned.of(detector, None)
    good = layer_scores(subject, detector, benign)
    bad = scores_in(subject, detector, encoded)[turned]
    thresholds = [
        calibrate_threshold(good[:, column], bad[:, column], false_positive_rate)
        for column in range(len(detector.watched))
    ]
    caught = (bad >= np.array(thresholds)).mean(0)
    best = len(caught) - 1 - int(caught[::-1].argmax())
    detector = replace(detector, watched=(detector.watched[best],), threshold=thresholds[best])
    few = replace(pairs, hosts=pairs.hosts[:_REPAIRED], which=pairs.which[:_REPAIRED])
    some = [batch.inputs for batch in embed_pairs(subject, few, seed)]
    turned = turned[:_REPAIRED]
    before, hosts = answers(subject, pairs.clean), answers(subject, few.hosts)

    def judge(reference: ReferenceKind) -> Choice:
        setting = replace(detector, reference=reference)
        repaired = answers_to(subject, some, setting)
        return Choice(
            setting.watched,
            reference,
            setting.threshold,
            won_back=float((repaired == hosts)[turned].mean()),
            benign_changed=float((answers(subject, pairs.clean, setting) != before).mean()),
        )

    tried = tuple(judge(reference) for reference in KINDS)
    return Tuned.of(detector, least_left(tried, int(turned.sum())), tried)


def scores_of_pairs(
    subject: Subject, detector: ColumnDetector, pairs: TextDebuggingSet, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """The highest score of all clean and then all triggered texts; nothing is repaired.

    Args:
        subject: a model for texts.
        detector: gives the scores.
        pairs: clean texts, and texts with triggers.
        seed: where the triggers stand; 0 by default.

    Returns:
        Those of clean texts and those of triggered ones, float64 `[n]` each.
    """
    if not detector.watched:
        return np.zeros(len(pairs.clean)), np.zeros(len(pairs))
    bad = scores_in(subject, detector, (batch.inputs for batch in embed_pairs(subject, pairs, seed)))
    return layer_scores(subject, detector, pairs.clean).max(1), bad.max(1)
