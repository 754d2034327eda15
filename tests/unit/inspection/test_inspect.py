"""Inspecting one input of a tiny random ViT, with detectors whose answers are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from atpatch_core.attention import attention_layers
from atpatch_core.column import Column
from atpatch_core.detector.contract import ColumnDetector
from atpatch_core.detector.reach import Reach
from atpatch_core.errors import InputError
from atpatch_core.inspection.inspect import causal_check, inspect
from atpatch_core.layout import Layout
from atpatch_core.subjects.subject import Subject
from tests.support.tiny_models import RuleDetector, build, column, inputs, nothing


class _Adapter:
    """Takes the seed of a random image for an input."""

    kind = "image"

    def __init__(self, family: str) -> None:
        self.family = family

    def read(self, content: bytes) -> Any:
        raise NotImplementedError

    def write(self, one: Any) -> bytes:
        raise NotImplementedError

    def encode(self, seeds: list[int]) -> dict[str, Tensor]:
        return {"pixel_values": torch.cat([inputs(self.family, 1, seed)["pixel_values"] for seed in seeds])}

    def layout(self, one: Any, keys: int) -> Layout:
        return Layout(tuple(f"column {key}" for key in range(keys)), (False,) * keys)


def _subject(rule: Any = None, watched: tuple[int, ...] = (0, 1), family: str = "vit") -> Subject:
    model = build(family)
    detector: ColumnDetector | None = None
    if rule is not None:
        detector = RuleDetector(len(attention_layers(model)), watched, rule)
    return Subject("tiny", Path(), model, _Adapter(family), ("a", "b", "c"), detector, "")


def test_flagged_columns_are_named_and_the_maps_before_and_after_kept() -> None:
    result = inspect(_subject(column(key=2, head=1)), 5)
    assert result.flags.columns == (Column(0, 1, 2), Column(1, 1, 2))
    assert result.flags.threshold == 0.5
    assert [score is None for score in result.flags.scores] == [False, False, True]
    for one in (result.original, result.patched):
        assert one.trace.layers == 3
        assert all(layer.shape == (4, 17, 17) for layer in one.trace.maps)
        torch.testing.assert_close(one.prediction.probabilities.sum(), torch.tensor(1.0))
    assert result.patched.trace.maps[0][1, :, 2].max() <= 0.02 + 1e-6
    assert torch.equal(result.patched.trace.maps[0][0], result.original.trace.maps[0][0])
    assert result.original.prediction.probabilities.tolist() != result.patched.prediction.probabilities.tolist()


def test_nothing_flagged_is_the_same_bit_for_bit() -> None:
    result = inspect(_subject(nothing), 5)
    assert not result.flags.any
    assert torch.equal(result.original.prediction.probabilities, result.patched.prediction.probabilities)
    assert all(map(torch.equal, result.original.trace.maps, result.patched.trace.maps))


def test_columns_by_hand_come_in_addition_and_need_no_detector() -> None:
    by_hand = Column(2, 3, 4)
    assert inspect(_subject(column(key=2)), 5, columns=[by_hand]).flags.columns[-1] == by_hand
    alone = inspect(_subject(), 5, columns=[by_hand])
    assert alone.flags.columns == (by_hand,)
    assert alone.flags.scores == (None, None, None)


def test_without_detector_and_columns_both_passes_are_one() -> None:
    result = inspect(_subject(), 5)
    assert result.original is result.patched
    assert not result.flags.any


def test_the_threshold_replaces_the_calibrated_one() -> None:
    result = inspect(_subject(column(key=2)), 5, threshold=1.5)
    assert not result.flags.any
    assert result.flags.threshold == 1.5


def test_the_causal_check_redistributes_one_column_alone() -> None:
    subject = _subject(column(key=2, head=1))
    columns = (Column(0, 1, 2), Column(2, 0, 3))
    effects = causal_check(subject, 5, columns)
    assert tuple(effect.column for effect in effects) == columns
    before = inspect(subject, 5).original.prediction
    for effect, one in zip(effects, columns, strict=True):
        alone = inspect(subject, 5, threshold=1.5, columns=[one]).patched.prediction
        assert (effect.label_before, effect.label_after) == (before.label, alone.label)
        assert effect.probability_after == pytest.approx(alone.confidence, abs=1e-5)
    assert effects[0].probability_after != effects[1].probability_after


def test_the_causal_check_tells_how_far_it_is_and_stops_where_it_is_stopped() -> None:
    subject, steps = _subject(column(key=2)), []
    columns = (Column(0, 1, 2), Column(2, 0, 3))
    causal_check(subject, 5, columns, lambda done, total: steps.append((done, total)))
    assert steps == [(0, 2), (1, 2), (2, 2)]

    def stop(done: int, total: int) -> None:
        steps.append((done, total))
        if done == 1:
            raise RuntimeError("enough")

    steps.clear()
    with pytest.raises(RuntimeError, match="enough"):
        causal_check(subject, 5, columns, stop)
    assert steps == [(0, 2), (1, 2)]
    assert causal_check(subject, 5, columns) == causal_check(subject, 5, columns)


def test_a_model_that_attends_in_windows_is_refused() -> None:
    with pytest.raises(InputError, match="windows"):
        inspect(_subject(family="swin"), 5)


class _Following(RuleDetector):
    """Its flags are followed into the first two layers."""

    @property
    def reach(self) -> Reach:
        return Reach((0, 1), longest=1, as_sure=-100.0)  # whatever the answer loses, nothing is cleared


def test_followed_columns_are_told_from_flagged_ones_and_from_those_chosen_by_hand() -> None:
    subject = replace(_subject(column(key=2, head=1)), detector=_Following(3, (1,), column(key=2, head=1)))
    flags = inspect(subject, 5, columns=[Column(0, 3, 7)]).flags
    assert flags.reaches(Column(1, 1, 2))
    assert set(flags.columns) == {Column(layer, head, 2) for layer in (0, 1) for head in range(4)} | {Column(0, 3, 7)}
    assert flags.followed == set(flags.columns) - {Column(1, 1, 2), Column(0, 3, 7)}
    assert inspect(_subject(column(key=2, head=1)), 5).flags.followed == frozenset()


@pytest.mark.parametrize(("large", "times"), [(0, 1), (10**9, 0)])
def test_memory_of_large_maps_is_handed_back(monkeypatch: pytest.MonkeyPatch, large: int, times: int) -> None:
    handed_back: list[bool] = []
    monkeypatch.setattr("atpatch_core.inspection.inspect._LARGE", large)
    monkeypatch.setattr("atpatch_core.inspection.inspect.return_freed_memory", lambda: handed_back.append(True))
    inspect(_subject(column(key=2)), 5)
    assert len(handed_back) == times
