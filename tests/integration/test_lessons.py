"""What the tour says about the shipped models is so."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

import atpatch_core as atpatch
from atpatch_core.column import Column
from atpatch_core.evaluation.datasets import read_images
from atpatch_core.lessons.image_scores import score_images
from atpatch_core.lessons.stamping import known_trigger, spread, stamp

from .conftest import MODELS, ROOT


def test_the_trigger_hijacks_where_it_was_learnt_and_nowhere_else_and_spread_it_leaves_no_column() -> None:
    subject = atpatch.load(MODELS / "fashion-vit-badnets")
    trigger = known_trigger(subject)
    image = subject.read((ROOT / "assets" / "samples" / "ankle-boot.png").read_bytes())
    target = subject.labels[trigger.target]

    hijacked = atpatch.inspect(subject, stamp(image, trigger, 1.0, trigger.row or 0, trigger.column or 0))
    assert hijacked.original.prediction.label == target
    assert hijacked.patched.prediction.label == "Ankle boot"
    elsewhere = atpatch.inspect(subject, stamp(image, trigger, 1.0, trigger.row or 0, (trigger.column or 0) - 4))
    assert elsewhere.original.prediction.label == "Ankle boot"

    faint = spread(image, trigger, 0.5)
    fooled = atpatch.inspect(subject, faint)
    assert fooled.original.prediction.label == fooled.patched.prediction.label == target
    assert not fooled.flags.any
    effects = atpatch.causal_check(subject, faint, [Column(0, 0, key) for key in range(50)])
    assert all(effect.label_after == target for effect in effects)


def test_the_detector_knows_what_the_largest_column_does_not() -> None:
    subject = atpatch.load(MODELS / "fashion-vit-badnets")
    images = read_images(subject.folder / "eval" / "images.parquet")[:60]
    scores = score_images(subject, images, known_trigger(subject))
    truth = np.repeat([0, 1], 60)
    trained = roc_auc_score(truth, np.concatenate([scores.detector_clean, scores.detector_triggered]))
    untrained = roc_auc_score(truth, np.concatenate([scores.largest_clean, scores.largest_triggered]))
    assert trained > 0.99
    assert untrained < 0.7
    detector = subject.detector
    assert detector is not None
    first = atpatch.inspect(subject, images[0]).flags.scores[detector.watched[0]]
    assert first is not None
    assert scores.detector_clean[0] == pytest.approx(float(first.max()), abs=1e-5)
