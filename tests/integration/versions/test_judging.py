"""Versions of the shipped detector, judged on held-out inputs of the sample model."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import atpatch_core as atpatch
from atpatch_core import Column
from atpatch_core.debugging.answers import BATCH
from atpatch_core.detector.trained import TrainedDetector
from atpatch_core.errors import DetectorError, InputError
from atpatch_core.labels.contract import Verdict
from atpatch_core.labels.labelled_inputs import LabelledInput
from atpatch_core.subjects.detector_versions import load_version
from atpatch_core.versions.compare import compare, compare_scores
from atpatch_core.versions.embedding import embed_columns
from atpatch_core.versions.held_out import (
    evaluation_inputs,
    from_labels,
    has_evaluation_data,
    known_columns,
    labelled_columns,
    most_columns,
    with_known_attack,
)
from atpatch_core.versions.judgement import confusion, input_scores, judge

from ..conftest import MODELS


@pytest.fixture(scope="module")
def detector(badnets: atpatch.Subject) -> TrainedDetector:
    found = badnets.detector
    assert isinstance(found, TrainedDetector)
    return found


@pytest.fixture(scope="module")
def records() -> atpatch.Subject:
    return atpatch.load(MODELS / "adult-tabular-sex")


@pytest.fixture(scope="module")
def texts() -> atpatch.Subject:
    return atpatch.load(MODELS / "reviews-minilm-badword")


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
    images = with_known_attack(badnets, most=2).inputs
    said = ({Column(0, 1, 49): Verdict.OVER_ATTENDED}, {Column(0, 1, 49): Verdict.BENIGN})
    inputs = [
        LabelledInput(image, said[number % 2], f"{number:064x}", complete=number % 2 == 1)
        for number, image in enumerate(images)
    ]
    left = from_labels(inputs, {inputs[0].digest, inputs[1].digest})
    assert left.digests == tuple(one.digest for one in inputs[2:])
    assert left.over_attended.tolist() == [True, False]
    # Who left columns unjudged did not say that there is nothing to flag.
    partly = LabelledInput(images[1], said[1], "f" * 64)
    assert from_labels([*inputs, partly]).digests == tuple(one.digest for one in inputs)
    assert labelled_columns([partly], [4] * 4, 50)[1][0].unclear.sum() == 4 * 50 - 1
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


def test_a_model_without_data_of_its_own_says_so(badnets: atpatch.Subject, tmp_path: Path) -> None:
    for name, sentence in (("fashion-vit-badnets", "known attack"), ("adult-tabular-sex", "protected attributes")):
        shutil.copytree(MODELS / name, tmp_path / name, ignore=shutil.ignore_patterns("eval"))
        bare = atpatch.load(tmp_path / name)
        assert not has_evaluation_data(bare)
        with pytest.raises(InputError, match=sentence):
            evaluation_inputs(bare)
        with pytest.raises(InputError, match="judge on labels"):
            known_columns(bare)


def test_a_record_version_is_judged_on_whom_an_attribute_hijacks(records: atpatch.Subject) -> None:
    assert has_evaluation_data(records)
    detector = records.detector
    assert isinstance(detector, TrainedDetector)
    inputs = evaluation_inputs(records)
    assert len(inputs) == 400
    assert 0.3 < inputs.over_attended.mean() < 0.6  # the sample's card: sex decides about a quarter, and moves more
    assert [", hijacked by sex" in title for title in inputs.titles] == inputs.over_attended.tolist()
    judged = judge(input_scores(records, detector, inputs.inputs), inputs.over_attended)
    assert judged.auroc is not None
    assert judged.auroc > 0.95
    assert confusion(judged, detector.threshold).missed <= 2
    some, truth = known_columns(records, most=60)
    assert len(some) == 60
    names = records.layout(some.inputs[0], truth[0].over_attended.shape[-1]).key_names
    assert {names[key] for key in np.argwhere(truth[0].over_attended)[:, 2]} == {"sex", "race"}
    found = embed_columns(records, detector, detector.watched[0], some, truth[detector.watched[0]])
    assert found.over_attended.sum() == min(400, truth[0].over_attended.sum())
    assert found.scores[found.over_attended].mean() > found.scores[~found.over_attended].mean() + 0.2
    assert not compare(records, detector, detector, some.inputs).only_first


def test_a_text_version_is_judged_and_labelled_texts_of_any_length_are_laid_out(texts: atpatch.Subject) -> None:
    detector = texts.detector
    assert isinstance(detector, TrainedDetector)
    inputs = evaluation_inputs(texts)
    judged = judge(input_scores(texts, detector, inputs.inputs[150:250]), inputs.over_attended[150:250])
    assert judged.auroc is not None
    assert judged.auroc > 0.99
    with pytest.raises(InputError, match="not worked out for texts"):
        known_columns(texts)
    # More texts than fit in a batch, so that batches differ in size.
    said, key = [], 1
    for number, text in enumerate(inputs.inputs):
        bad = bool(inputs.over_attended[number])
        keys = most_columns(texts, [text])
        verdict = Verdict.OVER_ATTENDED if bad else Verdict.BENIGN
        if bad:
            names = texts.layout(text, keys).key_names
            key = next(place for place, name in enumerate(names) if name in ("cf", "c…"))
        said.append(
            LabelledInput(text, {Column(5, 0, min(key, keys - 1)): verdict}, f"{number:064x}", complete=not bad)
        )
    labelled, truth = labelled_columns(said, [12] * 6, most_columns(texts, list(inputs.inputs)))
    assert len(labelled) == len(inputs) > BATCH
    found = embed_columns(texts, detector, 5, labelled, truth[5])
    assert found.over_attended.sum() == 200
    assert set(found.heads.tolist()) == {-1}
    # The scores at the marks are those the detector gives these very columns.
    one = int(np.argmax(found.scores))
    scores = atpatch.inspect(texts, labelled.inputs[int(found.inputs[one])]).flags.scores[5]
    assert scores is not None
    assert float(scores[0, int(found.keys[one])]) == pytest.approx(found.scores[one], abs=1e-3)
    assert found.scores[found.over_attended].mean() > 0.9
