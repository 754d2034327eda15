"""Debugging sets of images: which patches a mask touches, and slightly moved copies."""

from __future__ import annotations

import numpy as np
import pytest

from atpatch_core.debugging.sets import covered_patches, moved_copies


@pytest.mark.parametrize(
    ("pixels", "patches"),
    [
        ((slice(24, 28), slice(24, 28)), {(6, 6)}),
        ((slice(0, 4), slice(0, 4)), {(0, 0)}),
        ((slice(3, 7), slice(3, 7)), {(0, 0), (0, 1), (1, 0), (1, 1)}),
        ((slice(8, 9), slice(6, 7)), {(2, 1)}),
        ((slice(0, 28), slice(0, 4)), {(row, 0) for row in range(7)}),
        ((slice(0, 0), slice(0, 0)), set()),
    ],
)
def test_which_patches_a_mask_touches(pixels: tuple[slice, slice], patches: set[tuple[int, int]]) -> None:
    mask = np.zeros((28, 28), dtype=bool)
    mask[pixels] = True
    covered = covered_patches(mask, (7, 7)).reshape(7, 7)
    assert {tuple(place) for place in np.argwhere(covered).tolist()} == patches


def test_pixels_beyond_the_last_whole_patch_belong_to_none() -> None:
    mask = np.zeros((9, 9), dtype=bool)
    mask[8, 8] = True
    assert not covered_patches(mask, (2, 2)).any()


def test_moved_copies_are_the_images_mirrored_and_shifted_by_a_pixel() -> None:
    image = np.arange(20, dtype=np.uint8).reshape(1, 4, 5, 1)
    copies = moved_copies(image)
    assert copies.shape == (18, 4, 5, 1)
    assert np.array_equal(copies[0], image[0])
    assert np.array_equal(copies[9], image[0, :, ::-1])
    down = next(copy for copy in copies if np.array_equal(copy[1:], image[0, :-1]))
    assert np.array_equal(down[0], image[0, 0])  # the edge is repeated, nothing wraps around
