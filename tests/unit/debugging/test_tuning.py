"""Choosing between settings that a few predictions can't tell apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from atpatch_core.attention import hotfix
from atpatch_core.debugging import image_tuning, trial
from atpatch_core.debugging.false_alarms import changed_by_false_alarms
from atpatch_core.debugging.image_tuning import tune, tune_alongside, tune_growth, tune_jointly
from atpatch_core.debugging.layer_scores import layer_scores
from atpatch_core.debugging.sets import ImageDebuggingSet
from atpatch_core.debugging.trial import Trial
from atpatch_core.debugging.tuning import Choice, Tuned, least_left
from atpatch_core.detector.growth import Growth
from atpatch_core.detector.joint import Jointly
from atpatch_core.detector.networks import NETWORKS
from atpatch_core.detector.trained import TrainedDetector
from atpatch_core.subjects.image_files import as_array
from atpatch_core.subjects.subject import Subject

from ..evaluation.image_subject import image_subject, random_images


def _tried(*won_back: float, watched: tuple[int, ...] = (0,)) -> list[Choice]:
    kinds = ("mean", "uniform", "low-quantile", "zero")
    return [Choice(watched, kind, 0.5, won, 0.0) for kind, won in zip(kinds, won_back, strict=True)]


def test_of_references_that_do_alike_the_one_that_leaves_least_is_taken() -> None:
    assert least_left(_tried(0.88, 0.88, 0.89, 0.88), hijacked=100).reference == "zero"


def test_a_reference_that_does_clearly_worse_is_not_taken() -> None:
    assert least_left(_tried(0.88, 0.89, 0.88, 0.5), hijacked=100).reference == "low-quantile"


def test_with_many_predictions_small_differences_count() -> None:
    assert least_left(_tried(0.88, 0.89, 0.88, 0.87), hijacked=100_000).reference == "uniform"


def test_layers_are_never_changed_for_a_reference() -> None:
    tried = [*_tried(0.9, 0.9, 0.9, 0.9), *_tried(0.89, 0.89, 0.89, 0.89, watched=(1,))]
    assert least_left(tried, hijacked=50).watched == (0,)


def _pixels(count: int, seed: int) -> np.ndarray:
    return np.stack([as_array(image).reshape(8, 8, 1) for image in random_images(count, seed).images])


@pytest.fixture(scope="module")
def untrained() -> TrainedDetector:
    torch.manual_seed(0)
    return TrainedDetector(
        variant="per-head",
        networks={layer: NETWORKS["per-head"](4, 17).train(False) for layer in (0, 2)},
        benign_means=tuple(torch.full((4, 17, 17), 1 / 17) for _ in range(3)),
        reference="mean",
        threshold=1.0,
        watched=(0, 2),
    )


def test_layers_that_judge_jointly_are_held_to_the_same_false_positive_rate(untrained: TrainedDetector) -> None:
    subject, clean, benign = image_subject(), _pixels(60, 1), _pixels(300, 3)
    pairs = ImageDebuggingSet(clean, _pixels(60, 2), np.zeros((60, 16), bool), "other images")
    tuned = tune_jointly(untrained, Trial.of(subject, pairs, benign, 0.1))
    assert tuned.detector.reach == Jointly((0, 2))
    assert [choice.reference for choice in tuned.tried] == ["mean", "uniform", "low-quantile", "zero"]
    assert all(choice.jointly for choice in tuned.tried)
    assert tuned.choice in tuned.tried
    images = random_images(300, 3).images
    flagged = layer_scores(subject, tuned.detector, images).max(1) >= tuned.detector.threshold
    assert 0.05 <= flagged.mean() <= 0.1
    with torch.no_grad(), hotfix(replace(subject, detector=tuned.detector)) as fix:
        subject.model(**subject.encode(images))
    assert fix.flagged[2] is not None
    assert np.array_equal(fix.flagged[2].flatten(1).any(1).numpy(), flagged)


def _chosen_alongside(untrained: TrainedDetector, monkeypatch: pytest.MonkeyPatch, won_back: dict[Any, float]) -> Any:
    """What is chosen for 400 bright images, which `won_back` of a setting tells how many of are repaired by it."""

    def answers(_subject: Subject, images: list[Image.Image], setting: TrainedDetector | None = None) -> np.ndarray:
        hijacked = np.array([np.asarray(image).any() for image in images])
        repaired = 0.0 if setting is None else won_back[setting.alongside]
        return (hijacked & (np.arange(len(images)) >= repaired * len(images))).astype(int)

    monkeypatch.setattr(trial, "answers", answers)
    dark, bright = (np.full((400, 8, 8, 1), shade, np.uint8) for shade in (0, 255))
    pairs = ImageDebuggingSet(dark, bright, np.ones((400, 16), bool), "dark and bright")
    detector = replace(untrained, threshold=0.8)
    before = Tuned(detector, Choice((0, 2), "mean", 0.8, won_back[None], 0.0), ())
    after = tune_alongside(before, Trial.of(image_subject(), pairs, dark, 0.1))
    assert [choice.alongside for choice in after.tried] == [0.5, 0.3, 0.1]
    assert after.choice is not None
    assert after.merit == pytest.approx(won_back[after.choice.alongside])
    assert after.detector == replace(detector, alongside=after.choice.alongside)
    return after.choice.alongside


def test_the_lowest_score_that_costs_nothing_is_chosen_for_columns_beside_a_flagged_one(
    untrained: TrainedDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    won_back = {None: 0.6, 0.5: 0.6, 0.3: 0.7, 0.1: 0.55}
    assert _chosen_alongside(untrained, monkeypatch, won_back) == 0.3
    won_back = {None: 0.95, 0.5: 0.94, 0.3: 0.93, 0.1: 0.92}
    assert _chosen_alongside(untrained, monkeypatch, won_back) is None


@pytest.mark.parametrize(
    ("won_back", "chosen"),
    [
        ({None: 0.6, (0, 2): 0.69, (0, 1, 2): 0.7}, ((0, 2), 1.0)),
        ({None: 0.6, (0, 2): 0.7, (0, 1, 2): 0.8}, ((0, 1, 2), 1.0)),
        ({None: 0.7, (0, 2): 0.7, (0, 1, 2): 0.69}, ((0, 2), 1.0)),
        ({None: 0.7, (0, 2): 0.6, (0, 1, 2): 0.6}, None),
    ],
)
def test_spans_are_grown_in_as_few_layers_as_will_do_and_not_where_that_costs_more(
    untrained: TrainedDetector, monkeypatch: pytest.MonkeyPatch, won_back: dict[Any, float], chosen: Any
) -> None:
    def answers(_subject: Subject, images: list[Image.Image], setting: TrainedDetector | None = None) -> np.ndarray:
        hijacked = np.array([np.asarray(image).any() for image in images])
        growth = None if setting is None else setting.growth
        repaired = 0.0 if setting is None else won_back[None if growth is None else growth.layers]
        return (hijacked & (np.arange(len(images)) >= repaired * len(images))).astype(int)

    monkeypatch.setattr(trial, "answers", answers)
    monkeypatch.setattr(image_tuning, "changed_by_false_alarms", lambda _subject, setting, _images: 0.1)
    dark, bright = (np.full((400, 8, 8, 1), shade, np.uint8) for shade in (0, 255))
    pairs = ImageDebuggingSet(dark, bright, np.ones((400, 16), bool), "dark and bright")
    before = Tuned(replace(untrained, threshold=0.8), Choice((0, 2), "mean", 0.8, 0.0, 0.0), ())
    after = tune_growth(before, Trial.of(image_subject(), pairs, dark, 0.0))
    growth = after.detector.growth
    assert (None if growth is None else (growth.layers, growth.fall)) == chosen
    assert growth is None or growth.grid == (4, 4)
    assert [setting.changed_by_false_alarms for setting in after.tried] == [0.1] * 4


def test_an_answer_that_a_triggered_image_deserves_is_no_price_worth_paying(
    untrained: TrainedDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Black images get the answer 0, others 1. The trigger, a white corner, turns black ones only.
    clean = np.zeros((200, 8, 8, 1), np.uint8)
    clean[100:, 4:, 4:] = 100
    triggered = clean.copy()
    triggered[:, :4, :4] = 255
    pairs = ImageDebuggingSet(clean, triggered, np.ones((200, 16), bool), "corners")
    every = (0, 1, 2)

    def answers(_subject: Subject, images: list[Image.Image], setting: TrainedDetector | None = None) -> np.ndarray:
        pixels = np.stack([np.asarray(image) for image in images]) if images else np.zeros((0, 8, 8))
        known, corner = pixels[:, 4:, 4:].any((1, 2)), pixels[:, :4, :4].any((1, 2))
        if setting is None:
            return (known | corner).astype(int)
        turned_around = setting.growth is not None and setting.growth.layers == every
        return (known & ~(corner & turned_around)).astype(int)

    monkeypatch.setattr(trial, "answers", answers)
    monkeypatch.setattr(image_tuning, "changed_by_false_alarms", lambda *_: 0.0)
    made = Trial.of(image_subject(), pairs, clean, 0.0)
    assert (len(made.hijacked), len(made.deserving)) == (100, 100)
    assert {int(answer) for answer in made.deserved} == {1}
    turning = replace(untrained, growth=Growth(every, (4, 4)))
    assert made.outcome(turning) == (1.0, 0.0)
    assert made.deserved_lost(turning) == 0.5
    before = Tuned(replace(untrained, threshold=0.8), Choice((0, 2), "mean", 0.8, 0.0, 0.0), ())
    after = tune_growth(before, made)
    assert after.detector.growth == Growth((0, 2), (4, 4))
    assert {setting.growth.layers: setting.deserved_lost for setting in after.tried if setting.growth} == {  # type: ignore[attr-defined]
        every: 0.5,
        (0, 2): 0.0,
    }


def test_false_alarms_on_random_images_change_few_answers_and_none_without_a_growth(
    untrained: TrainedDetector,
) -> None:
    subject, images = image_subject(), random_images(30, 3).images
    assert changed_by_false_alarms(subject, untrained, images) == 0.0
    grown = replace(untrained, growth=Growth((0, 1, 2), (4, 4)))
    assert 0.0 <= changed_by_false_alarms(subject, grown, images) <= 1.0
    eager = replace(grown, growth=Growth((0, 1, 2), (4, 4), fall=1e-9, fall_of_group=1e-9, believed=1e-9, as_sure=0.0))
    assert changed_by_false_alarms(subject, eager, images) >= changed_by_false_alarms(subject, grown, images)


def test_a_model_that_nothing_hijacks_is_watched_neither_alone_nor_jointly(untrained: TrainedDetector) -> None:
    clean = _pixels(20, 1)
    same = ImageDebuggingSet(clean, clean, np.zeros((20, 16), bool), "the same images")
    nothing = Trial.of(image_subject(), same, _pixels(50, 3), 0.1)
    for tuned in (choose(untrained, nothing) for choose in (tune, tune_jointly)):
        assert tuned.detector.watched == ()
        assert tuned.detector.reach is None
        assert (tuned.choice, tuned.merit) == (None, 0.0)
        assert tune_alongside(tuned, nothing) is tuned
        assert tune_growth(tuned, nothing) is tuned
