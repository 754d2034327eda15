"""Versions of the shipped detector, judged on held-out inputs of the sample model."""

from __future__ import annotations

import numpy as np
import pytest

import atpatch_core as atpatch
from atpatch_core import Column
from atpatch_core.detector.trained import TrainedDetector
from atpatch_core.errors import DetectorError, InputError
from atpatch_core.labels.contract import Verdict
from atpatch_core.labels.training import LabelledInput
from atpatch_core.versions.compare import compare, compare_scores
from atpatch_core.versions.embedding import embed_columns
from atpatch_core.versions.folder import load_version
from atpatch_core.versions.held_out import (
    from_labels,
    has_evaluation_data,
    known_columns,
    labelled_columns,
    with_known_attack,
)
from atpatch_core.versions.judgement import confusion, input_scores, judge

from ..conftest import MODELS


@pytest.fixture(scope="module")
def detector(badnets: atpatch.Subject) -> TrainedDetector:
    found = badnets.detector
    assert isinstance(found, TrainedDetector)
    return found


def test_the_shipped_version_finds_the_known_trigger(badnets: atpatch.Subject, detector: TrainedDetector) -> None:
    inputs = with_known_attack(badnets, most=60)
    assert (len(inputs), int(inputs.over_attended.sum())) == (120, 60)
    assert len(set(inputs.titles)) == 120
    judged = judge(input_scores(badnets, detector, inputs.inputs), inputs.over_attended)
    assert judged.auroc is not None
    assert judged.auroc > 0.99
    counts = confusion(judged, detector.threshold)
    assert counts.found >= 58
    assert counts.false_alarms <= 2
    flags = [bool(atpatch.inspect(badnets, one).flags.columns) for one in inputs.inputs[55:65]]
    assert flags == (judged.scores[55:65] >= detector.threshold).tolist()


def test_hijacked_columns_lie_apart_from_benign_ones(badnets: atpatch.Subject, detector: TrainedDetector) -> None:
    inputs, truth = known_columns(badnets, most=20)
    assert len(inputs) == 40
    assert not truth[0].over_attended[:20].any()
    assert set(np.argwhere(truth[0].over_attended)[:, 2].tolist()) == {49}  # the patch in the corner
    found = embed_columns(badnets, detector, detector.watched[0], inputs, truth[detector.watched[0]])
    assert found.points.shape == (len(found.scores), 2)
    assert found.over_attended.sum() == truth[detector.watched[0]].over_attended.sum()
    assert 0.5 < found.kept <= 1
    bad, benign = found.points[found.over_attended], found.points[~found.over_attended]
    between = np.linalg.norm(bad.mean(0) - benign.mean(0))
    assert between > 2 * bad.std(0).max()
    # The scores at the marks are those the detector gives these very columns.
    one = int(np.argmax(found.scores))
    scores = atpatch.inspect(badnets, inputs.inputs[int(found.inputs[one])]).flags.scores[detector.watched[0]]
    assert scores is not None
    assert float(scores[int(found.heads[one]), int(found.keys[one])]) == pytest.approx(found.scores[one], abs=1e-4)
    with pytest.raises(DetectorError, match="no network for layer 3"):
        embed_columns(badnets, detector, 3, inputs, truth[3])


def test_labelled_inputs_that_were_learnt_from_are_left_out(badnets: atpatch.Subject) -> None:
    pictures = with_known_attack(badnets, most=2).inputs
    said = ({Column(0, 1, 49): Verdict.OVER_ATTENDED}, {Column(0, 1, 49): Verdict.BENIGN})
    inputs = [LabelledInput(picture, said[number % 2], f"{number:064x}") for number, picture in enumerate(pictures)]
    left = from_labels(inputs, {inputs[0].digest, inputs[1].digest})
    assert left.digests == tuple(one.digest for one in inputs[2:])
    assert left.over_attended.tolist() == [True, False]
    whole, truth = labelled_columns(inputs, [4] * 4, 50)
    assert len(whole) == 4
    assert np.argwhere(truth[0].over_attended).tolist() == [[0, 1, 49], [2, 1, 49]]
    assert truth[1].unclear[0].all()  # nobody judged them in an input with an over-attended column
    assert not truth[1].unclear[1].any()


def test_two_versions_are_compared_on_the_same_inputs(badnets: atpatch.Subject, detector: TrainedDetector) -> None:
    paper = load_version(MODELS / "fashion-vit-badnets", "shipped", detector.fingerprint)
    inputs = with_known_attack(badnets, most=10).inputs
    found = compare(badnets, detector, paper, inputs)
    again = compare_scores(
        np.stack([input_scores(badnets, one, inputs) for one in (detector, paper)]), (detector, paper)
    )
    assert (found.both, found.only_first, found.only_second, found.neither) == (
        again.both,
        again.only_first,
        again.only_second,
        again.neither,
    )
    assert found.only_first == found.only_second == ()


def test_a_model_without_a_known_attack_says_so() -> None:
    records = atpatch.load(MODELS / "adult-tabular-sex")
    assert not has_evaluation_data(records)
    with pytest.raises(InputError, match="judge on labels"):
        with_known_attack(records)
    with pytest.raises(InputError, match="only worked out for pictures"):
        known_columns(records)
