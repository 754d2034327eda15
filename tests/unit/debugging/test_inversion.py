"""Trigger inversion on a classifier whose back door is known."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from atpatch_core.debugging.mask_inversion import (
    InvertedTrigger,
    Penalty,
    invert_trigger,
    moved,
    stamp,
    success_elsewhere,
    success_of,
)
from atpatch_core.debugging.pixel_space import PixelSpace
from atpatch_core.debugging.trigger_search import TriggerSearch, load_triggers, save_triggers
from atpatch_core.debugging.window_inversion import Round, invert_window

from .conftest import CornerModel

_SHORT = (Round(64, 2, 10), Round(6, 4, 15))


@pytest.mark.parametrize("penalty", ["pixels", "patches"])
def test_the_smallest_mask_lies_on_the_back_door(
    penalty: Penalty, corner_model: CornerModel, space: PixelSpace, dark_images: np.ndarray
) -> None:
    found = invert_trigger(corner_model, space, dark_images[:40], dark_images[40:], 1, penalty, steps=250)
    assert found is not None
    assert found.success > 0.9
    assert found.mask[6:, 6:].min() > 0.6
    assert found.size < 10  # of 64 pixels; the back door has 4
    assert found.pattern[6:, 6:].min() > 200


def test_a_class_that_cannot_be_reached_has_no_trigger(
    corner_model: CornerModel, space: PixelSpace, dark_images: np.ndarray
) -> None:
    assert invert_trigger(corner_model, space, dark_images[:40], dark_images[40:], 2, steps=30) is None


def test_the_window_search_finds_place_and_pattern(
    corner_model: CornerModel, space: PixelSpace, dark_images: np.ndarray
) -> None:
    first, *_ = found = invert_window(corner_model, space, dark_images[:40], dark_images[40:], 1, 2, 2, rounds=_SHORT)
    assert [one.success for one in found] == sorted((one.success for one in found), reverse=True)
    assert first.success == 1.0
    assert np.argwhere(first.mask).tolist() == [[6, 6], [6, 7], [7, 6], [7, 7]]
    assert (first.pattern[6:, 6:] == 255).all()


def test_inversion_leaves_the_model_alone_and_repeats_itself(
    corner_model: CornerModel, space: PixelSpace, dark_images: np.ndarray
) -> None:
    before = corner_model.weight.detach().clone()
    first, second = (
        invert_trigger(corner_model, space, dark_images[:40], dark_images[40:], 1, steps=40, seed=3) for _ in "ab"
    )
    assert torch.equal(corner_model.weight, before)
    assert corner_model.weight.grad is None
    assert first is not None
    assert second is not None
    assert np.array_equal(first.mask, second.mask)


def test_cancelling_stops_the_search(corner_model: CornerModel, space: PixelSpace, dark_images: np.ndarray) -> None:
    def cancel(done: int, _total: int) -> None:
        if done == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        invert_trigger(corner_model, space, dark_images[:40], dark_images[40:], 1, on_step=cancel)


def _trigger(kind: str = "window", success: float = 1.0, pixels: int = 4, target: int = 1) -> InvertedTrigger:
    mask = np.zeros((8, 8), np.float32)
    mask.flat[-pixels:] = 1
    return InvertedTrigger(target, kind, 0, mask, np.full((8, 8, 1), 255, np.uint8), success)  # type: ignore[arg-type]


def test_a_stamp_changes_what_the_mask_covers_and_nothing_else(
    corner_model: CornerModel, space: PixelSpace, dark_images: np.ndarray
) -> None:
    trigger = _trigger(pixels=2)
    stamped = stamp(trigger, dark_images)
    assert (stamped[:, 7, 6:] == 255).all()
    assert np.array_equal(stamped[:, :7], dark_images[:, :7])
    assert success_of(trigger, corner_model, space, dark_images) == 0.0  # half a corner is not enough


def test_a_trigger_of_one_corner_works_nowhere_else_and_one_of_any_place_everywhere(
    corner_model: CornerModel, space: PixelSpace, dark_images: np.ndarray
) -> None:
    def anywhere(pixel_values: torch.Tensor) -> SimpleNamespace:
        bright = pixel_values.amax((1, 2, 3))
        return SimpleNamespace(logits=torch.stack([1 - bright, bright], 1))

    trigger = _trigger()
    assert success_of(moved(trigger, (-2, -2)), corner_model, space, dark_images) == 0.0
    assert success_elsewhere(trigger, corner_model, space, dark_images) == 0.0
    assert success_elsewhere(trigger, anywhere, space, dark_images) == 1.0  # type: ignore[arg-type]


def test_windows_that_work_and_masks_much_smaller_than_the_others_are_suspicious() -> None:
    works, fails = _trigger(), _trigger(success=0.5)
    small = _trigger("patches", 0.9, pixels=8)
    masks = tuple(_trigger("patches", 0.9, pixels=pixels, target=target) for target, pixels in enumerate((30, 32, 34)))
    search = TriggerSearch((works, fails, small, *masks), ())
    assert search.suspicious == (works, small)
    assert TriggerSearch(masks, ()).suspicious == ()
    assert TriggerSearch((), (0, 1)).suspicious == ()


def test_where_a_class_falls_to_a_window_small_masks_of_other_classes_are_not_suspicious() -> None:
    window, fails = _trigger(target=1), _trigger(success=0.5, target=1)
    own, other = (_trigger("patches", 0.9, pixels=8, target=target) for target in (1, 2))
    masks = tuple(_trigger("patches", 0.9, pixels=pixels, target=target) for target, pixels in enumerate((30, 32, 34)))
    assert TriggerSearch((window, own, other, *masks), ()).suspicious == (window, own)
    assert TriggerSearch((fails, own, other, *masks), ()).suspicious == (own, other)


def test_where_windows_and_masks_point_at_one_class_windows_of_others_are_not_suspicious() -> None:
    backdoor, natural = _trigger(target=1), _trigger(target=2)
    small = _trigger("patches", 0.9, pixels=8, target=1)
    masks = tuple(
        _trigger("patches", 0.9, pixels=pixels, target=target) for target, pixels in ((0, 30), (2, 25), (3, 34))
    )
    assert TriggerSearch((backdoor, natural, small, *masks), ()).suspicious == (backdoor, small)
    assert TriggerSearch((backdoor, natural, *masks), ()).suspicious == (backdoor, natural)


def test_triggers_are_kept_exactly_and_damaged_files_are_searched_again(tmp_path: Path) -> None:
    file = tmp_path / "search" / "1.safetensors"
    assert load_triggers(file) is None
    save_triggers([_trigger(), _trigger("patches", 0.9, 8)], file)
    kept = load_triggers(file)
    assert kept is not None
    assert [(one.kind, one.success, one.size) for one in kept] == [("window", 1.0, 4.0), ("patches", 0.9, 8.0)]
    save_triggers([], file)
    assert load_triggers(file) == ()
    file.write_bytes(file.read_bytes()[:20])
    assert load_triggers(file) is None
