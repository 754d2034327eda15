"""Choose watched layer, threshold and benign reference of a detector for texts, on texts it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from ..attention import FLAG_NOTHING, hotfix
from ..detector.calibration import calibrate_threshold
from ..detector.contract import ColumnDetector
from ..detector.reference import KINDS, ReferenceKind
from ..detector.trained import TrainedDetector
from ..subjects.subject import Subject
from .answers import answers
from .layer_scores import layer_scores
from .soft_triggers import EmbeddedTexts
from .text_examples import embed_pairs
from .text_set import TextDebuggingSet
from .tuning import Choice, least_left

_REPAIRED = 24  # triggered texts that every reference is tried on; following a flag takes many forwards


def tune_on_texts(
    detector: TrainedDetector,
    subject: Subject,
    pairs: TextDebuggingSet,
    benign: Sequence[str],
    false_positive_rate: float,
    seed: int = 0,
) -> tuple[TrainedDetector, tuple[Choice, ...]]:
    """Watch the one layer that tells triggered texts best, the last of equals; then pick the benign reference.

    One layer is enough, because what is flagged in it is followed and repaired in all layers of the detector's reach.
    `benign` are further clean texts that bound the false-positive rate per input. Returns the detector as chosen and
    every reference that was tried; where no trigger turns a text, no layer is watched.
    """
    batches = embed_pairs(subject, pairs, seed)
    targets = np.array([pairs.triggers[one].target for one in pairs.which], dtype=np.int64)
    turned = _embedded_answers(subject, batches) == targets
    if not detector.watched or not turned.any():
        return replace(detector, watched=(), threshold=1.0), ()
    good = layer_scores(subject, detector, benign)
    bad = _embedded_scores(subject, detector, batches)[turned]
    thresholds = [
        calibrate_threshold(good[:, column], bad[:, column], false_positive_rate)
        for column in range(len(detector.watched))
    ]
    caught = (bad >= np.array(thresholds)).mean(0)
    best = len(caught) - 1 - int(caught[::-1].argmax())
    detector = replace(detector, watched=(detector.watched[best],), threshold=thresholds[best])
    some = embed_pairs(subject, replace(pairs, hosts=pairs.hosts[:_REPAIRED], which=pairs.which[:_REPAIRED]), seed)
    turned = turned[:_REPAIRED]
    before, hosts = answers(subject, pairs.clean), answers(subject, pairs.hosts[:_REPAIRED])

    def judge(reference: ReferenceKind) -> Choice:
        setting = replace(detector, reference=reference)
        repaired = _embedded_answers(subject, some, setting)
        return Choice(
            setting.watched,
            reference,
            setting.threshold,
            won_back=float((repaired == hosts)[turned].mean()),
            benign_changed=float((answers(subject, pairs.clean, setting) != before).mean()),
        )

    tried = tuple(judge(reference) for reference in KINDS)
    chosen = least_left(tried, int(turned.sum()))
    reference = next(kind for kind in KINDS if kind == chosen.reference)
    return replace(detector, reference=reference), tried


def scores_of_pairs(
    subject: Subject, detector: ColumnDetector, pairs: TextDebuggingSet, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """The highest score of all clean and then all triggered texts, `float64 [n]` each; nothing is repaired."""
    if not detector.watched:
        return np.zeros(len(pairs.clean)), np.zeros(len(pairs))
    bad = _embedded_scores(subject, detector, embed_pairs(subject, pairs, seed)) if len(pairs) else np.zeros((0, 1))
    return layer_scores(subject, detector, pairs.clean).max(1), bad.max(1)


def _embedded_scores(subject: Subject, detector: ColumnDetector, batches: Sequence[EmbeddedTexts]) -> np.ndarray:
    """The highest score of each text in each watched layer, `float64 [n, watched layers]`; nothing is repaired."""
    found = []
    with torch.no_grad(), hotfix(subject.model, detector, threshold=FLAG_NOTHING) as fix:
        for one in batches:
            subject.model(**one.inputs)
            found.append(torch.stack([score.flatten(1).amax(1) for score in fix.scores if score is not None], 1))
    return torch.cat(found).double().numpy()


def _embedded_answers(
    subject: Subject, batches: Sequence[EmbeddedTexts], detector: ColumnDetector | None = None
) -> np.ndarray:
    """The model's classes, int64 `[n]`, as it is or while `detector` repairs it."""
    found = [np.empty(0, dtype=np.int64)]
    for one in batches:
        with torch.no_grad():
            if detector is None:
                logits = subject.model(**one.inputs).logits
            else:
                with hotfix(subject.model, detector):
                    logits = subject.model(**one.inputs).logits
        found.append(logits.argmax(-1).numpy())
    return np.concatenate(found)
