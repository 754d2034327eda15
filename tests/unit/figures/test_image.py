"""The enlarged image and its outlines."""

from __future__ import annotations

import numpy as np
from PIL import Image

from atpatch_core.column import Column
from atpatch_core.figures.colours import DARK, FLAGGED
from atpatch_core.figures.image import outlined_image
from atpatch_core.layout import patch_boxes


def test_a_small_image_is_enlarged_by_a_whole_factor_without_smoothing(make_inspection) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8)
    shown = np.asarray(outlined_image(Image.fromarray(pixels), make_inspection().layout, ()))
    assert shown.shape == (448, 448, 3)
    assert (shown[::16, ::16, 0] == pixels).all()


def test_a_large_image_is_reduced_and_keeps_its_shape(make_inspection) -> None:
    shown = outlined_image(Image.new("RGB", (4000, 1000)), make_inspection().layout, ())
    assert shown.size == (896, 224)


def test_the_flagged_patch_gets_a_coloured_line_between_dark_ones_and_no_other_does(make_inspection) -> None:
    layout = make_inspection().layout
    shown = np.asarray(outlined_image(Image.new("L", (28, 28), 128), layout, (Column(0, 1, 49),)))
    assert tuple(shown[-1, -1]) == DARK
    assert tuple(shown[420, 448 - 64]) == DARK
    assert tuple(shown[420, 448 - 61]) == FLAGGED
    assert tuple(shown[-3, -3]) == FLAGGED
    assert tuple(shown[420, 448 - 58]) == DARK
    assert (shown[448 - 50 : 448 - 10, 448 - 50 : 448 - 10] == 128).all()
    assert (shown[: 448 - 64 - 40] == 128).all()


def test_the_name_of_the_head_stands_above_the_patch_or_below_it_at_the_top(make_inspection) -> None:
    layout = make_inspection().layout
    grey = Image.new("L", (28, 28), 128)
    below = np.asarray(outlined_image(grey, layout, (Column(0, 1, 1),)))
    assert (below[66:86, :40] != 128).any()
    above = np.asarray(outlined_image(grey, layout, (Column(0, 1, 49),)))
    assert (above[448 - 64 - 20 : 448 - 64, 448 - 40 :] != 128).any()


def test_patches_of_a_few_pixels_are_outlined_as_far_as_there_is_room(make_inspection) -> None:
    layout = make_inspection().layout
    tall = outlined_image(Image.new("L", (2, 4000), 128), layout, (Column(0, 1, 9),))
    assert tall.size == (1, 896)


def test_special_columns_are_not_drawn(make_inspection) -> None:
    layout = make_inspection().layout
    shown = np.asarray(outlined_image(Image.new("L", (28, 28), 128), layout, (Column(0, 0, 0),)))
    assert (shown == 128).all()


def test_boxes_cover_the_image_row_by_row(make_inspection) -> None:
    boxes = patch_boxes(make_inspection().layout, 70, 140)
    assert sorted(boxes) == list(range(1, 50))
    assert boxes[1] == (0, 0, 9, 19)
    assert boxes[2] == (10, 0, 19, 19)
    assert boxes[49] == (60, 120, 69, 139)


def test_columns_that_are_no_patches_have_no_boxes(make_inspection) -> None:
    assert patch_boxes(make_inspection(flagged=(), names=("a", "b")).layout, 10, 10) == {}
