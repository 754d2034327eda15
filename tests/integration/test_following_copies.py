"""Copies of a trigger in the corners of an image: what is flagged leads to all of them, within the trials allowed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import atpatch_core as atpatch
from atpatch_core.attention import hotfix
from atpatch_core.detector.growth import Growth
from atpatch_core.detector.trained import TrainedDetector
from atpatch_core.evaluation.attacks import attacks_of
from atpatch_core.evaluation.datasets import LabelledImages, read_labelled_images
from atpatch_core.evaluation.defences.column_fix import ColumnFix
from atpatch_core.evaluation.defences.contract import Suspects
from atpatch_core.evaluation.evaluate import Triggered, apply_trigger
from atpatch_core.evaluation.image_attacks import with_variations

from .conftest import ANYWHERE

_IMAGES = 200


@pytest.fixture(scope="module")
def anywhere() -> atpatch.Subject:
    """The model whose trigger works at any place of its grid; its detector grows spans, in all layers."""
    subject = atpatch.load(ANYWHERE)
    assert isinstance(subject.detector, TrainedDetector)
    return replace(subject, detector=replace(subject.detector, growth=Growth((0, 1, 2, 3), (7, 7))))


@pytest.fixture(scope="module")
def clean(anywhere: atpatch.Subject) -> LabelledImages:
    """The first of its evaluation images."""
    return read_labelled_images(ANYWHERE / "eval" / "images.parquet", anywhere.labels).take(np.arange(_IMAGES))


@pytest.fixture(scope="module")
def corners(anywhere: atpatch.Subject, clean: LabelledImages) -> Triggered:
    """The same with the trigger in all four corners."""
    return apply_trigger(with_variations(attacks_of(anywhere), side=28)["corners"], clean)


def _answers(subject: atpatch.Subject, images: list[Image.Image], **options: int) -> tuple[np.ndarray, atpatch.Fix]:
    with torch.no_grad(), hotfix(subject, **options) as fix:
        return subject.model(**subject.encode(images)).logits.argmax(-1).numpy(), fix


def test_all_copies_are_found_from_those_that_are_flagged(anywhere: atpatch.Subject, corners: Triggered) -> None:
    others = corners.inputs.labels != corners.target
    alone, _ = _answers(anywhere, corners.inputs.images, follow_rows=0)
    followed, fix = _answers(anywhere, corners.inputs.images)
    assert (alone == corners.target)[others].mean() > 0.05
    assert (followed == corners.target)[others].mean() < 0.02
    assert (followed == corners.inputs.labels)[others].mean() > (alone == corners.inputs.labels)[others].mean() + 0.05
    flagged = [following for following in fix.following if following is not None]
    assert len(flagged) > 0.95 * _IMAGES
    assert all(following.forwards <= following.most for following in flagged)
    assert np.mean([following.forwards for following in flagged]) < 10


def test_clean_images_cost_nothing_and_keep_their_answers(anywhere: atpatch.Subject, clean: LabelledImages) -> None:
    with torch.no_grad():
        before = anywhere.model(**anywhere.encode(clean.images)).logits
        with hotfix(anywhere) as fix:
            after = anywhere.model(**anywhere.encode(clean.images)).logits
    untouched = np.array([following is None for following in fix.following] or [True] * _IMAGES)
    assert untouched.mean() > 0.99
    # The layers that are repaired for a flagged input of the batch run with eager attention, the stock model with SDPA.
    assert torch.allclose(before[untouched], after[untouched], rtol=0, atol=1e-4)
    assert torch.equal(before.argmax(-1), after.argmax(-1))


@pytest.mark.parametrize("rows", [1, 5])
def test_a_smaller_number_of_trials_is_kept_to_and_an_early_end_is_said(
    anywhere: atpatch.Subject, corners: Triggered, rows: int
) -> None:
    _, fix = _answers(anywhere, corners.inputs.images, follow_rows=rows)
    flagged = [following for following in fix.following if following is not None]
    for following in flagged:
        assert sum(len(found.tried) for found in following.rounds) <= rows
        assert following.most == rows + 2
    assert any(not following.complete for following in flagged)


def test_an_input_is_followed_alike_alone_and_among_others(anywhere: atpatch.Subject, corners: Triggered) -> None:
    some = corners.inputs.images[:40]
    together, fix = _answers(anywhere, some)
    for number, image in enumerate(some):
        answer, alone = _answers(anywhere, [image])
        assert answer[0] == together[number]
        mine, other = fix.following[number], alone.following[0] if alone.following else None
        assert (mine is None) == (other is None)
        if mine is not None and other is not None:
            assert mine.entry == other.entry
            assert [found.taken for found in mine.rounds] == [found.taken for found in other.rounds]


def test_a_comparison_counts_flags_that_are_cleared(anywhere: atpatch.Subject, clean: LabelledImages) -> None:
    with torch.no_grad(), hotfix(anywhere, threshold=0.01) as fix:
        anywhere.model(**anywhere.encode(clean.images))
    cleared = [following is not None and bool(following.cleared) for following in fix.following]
    assert any(cleared)
    assert anywhere.detector is not None
    suspects = Suspects(clean.images, np.zeros((len(clean), 49), dtype=bool), clean.labels)
    answered = ColumnFix(anywhere.detector, threshold=0.01).predict(anywhere, suspects)
    assert answered.scores is not None
    assert answered.flagged[cleared].all()
    assert np.array_equal(answered.flagged, answered.scores >= 0.01)
