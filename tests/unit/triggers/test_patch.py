"""Triggers: the right pixels at the right place, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from atpatch_core.triggers.patch import PATTERNS, PatchTrigger, pattern_pixels


def _images(count: int = 5, side: int = 12, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(0).integers(1, 255, (count, side, side, channels), dtype=np.uint8)


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("size", [1, 4, 5])
def test_patterns_are_black_and_white_squares_and_always_the_same(name: str, size: int) -> None:
    pixels = pattern_pixels(name, size, seed=3)
    assert pixels.shape == (size, size)
    assert pixels.dtype == np.uint8
    assert set(np.unique(pixels)) <= {0, 255}
    assert np.array_equal(pixels, pattern_pixels(name, size, seed=3))


def test_the_checkerboard_by_hand() -> None:
    assert pattern_pixels("checkerboard", 3).tolist() == [[255, 0, 255], [0, 255, 0], [255, 0, 255]]
    assert np.array_equal(pattern_pixels("inverse-checkerboard", 4), 255 - pattern_pixels("checkerboard", 4))


def test_an_unknown_pattern_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="checkerboard"):
        pattern_pixels("zebra", 4)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_patch_changes_its_own_pixels_in_every_channel_and_no_others(channels: int) -> None:
    images = _images(channels=channels)
    before = images.copy()
    stamped, places = PatchTrigger(target=0, size=4, row=8, column=3).apply_with_places(images)
    assert np.array_equal(images, before)
    assert (stamped[:, 8:12, 3:7] == pattern_pixels("checkerboard", 4)[None, :, :, None]).all()
    stamped[:, 8:12, 3:7] = before[:, 8:12, 3:7]
    assert np.array_equal(stamped, before)
    assert (places == [8, 3]).all()


def test_random_places_are_inside_differ_and_come_from_the_seed() -> None:
    trigger = PatchTrigger(target=0, size=5, pattern="cross")
    images = np.zeros((200, 12, 12, 1), dtype=np.uint8)
    stamped, places = trigger.apply_with_places(images, seed=1)
    assert places.min() == 0
    assert places.max() == 7
    assert len(np.unique(places, axis=0)) > 30
    for image, (row, column) in zip(stamped, places, strict=True):
        assert np.array_equal(image[row : row + 5, column : column + 5, 0], pattern_pixels("cross", 5))
    assert np.array_equal(trigger.apply(images, seed=1), stamped)
    assert not np.array_equal(trigger.apply(images, seed=2), stamped)


def test_random_places_can_keep_to_a_grid() -> None:
    images = np.zeros((300, 28, 28, 1), dtype=np.uint8)
    places = PatchTrigger(target=0, size=4, step=4).apply_with_places(images)[1]
    assert set(places.flatten().tolist()) == {0, 4, 8, 12, 16, 20, 24}


@pytest.mark.parametrize("place", [{}, {"row": 10, "column": 0}])
def test_a_image_too_small_for_the_patch_is_refused(place: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="needs images of"):
        PatchTrigger(target=0, size=13 if not place else 4, **place).apply(_images())
