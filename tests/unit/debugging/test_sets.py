"""Debugging sets: pairs that differ in their boxes only, and which patches a box touches."""

from __future__ import annotations

import numpy as np
import pytest

from atpatch_core.debugging.sets import altered_known_trigger, covered_patches
from atpatch_core.triggers import PatchTrigger, pattern_pixels

_CORNER = PatchTrigger(target=0, size=4, row=24, column=24)


def _clean(count: int = 200) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 28, 28, 1), dtype=np.uint8)


@pytest.mark.parametrize("trigger", [_CORNER, PatchTrigger(target=0, size=5, pattern="cross")], ids=["fixed", "any"])
def test_pairs_differ_inside_their_boxes_and_nowhere_else(trigger: PatchTrigger) -> None:
    clean = _clean()
    pairs = altered_known_trigger(clean, trigger, seed=0)
    assert len(pairs) == 200
    assert np.array_equal(pairs.clean, clean)
    restored = pairs.triggered.copy()
    for index, (row, column, height, width) in enumerate(pairs.boxes):
        assert 0 <= row <= 28 - height
        assert 0 <= column <= 28 - width
        assert (height, width) == (trigger.size, trigger.size)
        assert not np.array_equal(pairs.triggered[index], clean[index])
        restored[index, row : row + height, column : column + width] = clean[
            index, row : row + height, column : column + width
        ]
    assert np.array_equal(restored, clean)


def test_the_exact_trigger_at_its_own_place_never_occurs() -> None:
    pairs = altered_known_trigger(_clean(2_000), _CORNER, seed=1)
    exact = pattern_pixels("checkerboard", 4)
    assert not any(np.array_equal(image[24:, 24:, 0], exact) for image in pairs.triggered)
    assert (pairs.boxes[:, :2] == 24).all(1).mean() > 0.7


def test_the_same_seed_gives_the_same_pairs() -> None:
    first, again, other = (altered_known_trigger(_clean(20), _CORNER, seed) for seed in (3, 3, 4))
    assert np.array_equal(first.triggered, again.triggered)
    assert not np.array_equal(first.triggered, other.triggered)


@pytest.mark.parametrize(
    ("box", "patches"),
    [
        ((24, 24, 4, 4), {(6, 6)}),
        ((0, 0, 4, 4), {(0, 0)}),
        ((3, 3, 4, 4), {(0, 0), (0, 1), (1, 0), (1, 1)}),
        ((8, 6, 1, 1), {(2, 1)}),
        ((0, 0, 28, 4), {(row, 0) for row in range(7)}),
    ],
)
def test_which_patches_a_box_touches(box: tuple[int, ...], patches: set[tuple[int, int]]) -> None:
    covered = covered_patches(np.array([box]), (7, 7), 28, 28).reshape(7, 7)
    assert {tuple(place) for place in np.argwhere(covered).tolist()} == patches
