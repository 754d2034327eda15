"""Where a trigger's pixels end up in the shapes of `benchmarks.trigger_shapes`, and the table it writes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from atpatch_core import load
from atpatch_core.debugging.answers import repaired_answers
from atpatch_core.detector.growth import Growth
from atpatch_core.detector.trained import TrainedDetector
from atpatch_core.evaluation.datasets import read_labelled_images
from atpatch_core.evaluation.rates import Rate
from atpatch_core.subjects.image_files import as_array
from atpatch_core.triggers.patch import PatchTrigger, pattern_pixels
from benchmarks.make_results import labelled
from benchmarks.trigger_shapes import (
    ON_PAGE,
    PATCH,
    SHAPES,
    Shape,
    ShapeRun,
    _as_json,
    as_markdown,
    drawn_patches,
    paste_sized,
    stamp,
)
from sample_models.recipes.images.fashion_mnist import ImageSet

SIDE = 28
FIXED = PatchTrigger(target=0, pattern="checkerboard", row=24, column=24)
ANYWHERE = PatchTrigger(target=1, pattern="noise", pattern_seed=54, step=PATCH)
GREY = np.full((5, SIDE, SIDE, 1), 100, dtype=np.uint8)


def patches(image: np.ndarray) -> np.ndarray:
    """`[7, 7, 4, 4]` of a grey image."""
    return image[:, :, 0].reshape(7, PATCH, 7, PATCH).transpose(0, 2, 1, 3)


def touched(image: np.ndarray) -> np.ndarray:
    """Which patches differ from grey, bool `[7, 7]`."""
    differs: np.ndarray = (patches(image) != 100).any((2, 3))
    return differs


def pixels_of(trigger: PatchTrigger) -> np.ndarray:
    return pattern_pixels(trigger.pattern, trigger.size, trigger.pattern_seed)


@pytest.mark.parametrize("copies", [1, 2, 3, 5, 6, 9])
@pytest.mark.parametrize("trigger", [FIXED, ANYWHERE])
def test_copies_lie_on_so_many_patches_and_nothing_else_changes(trigger: PatchTrigger, copies: int) -> None:
    for image in stamp(GREY, trigger, Shape(copies), seed=2):
        where = touched(image)
        assert where.sum() == copies
        assert (patches(image)[where] == pixels_of(trigger)).all()
        assert (patches(image)[~where] == 100).all()


def test_a_trigger_with_a_place_of_its_own_keeps_one_copy_there() -> None:
    assert np.array_equal(stamp(GREY, FIXED, Shape(), seed=1), FIXED.apply(GREY))
    assert all(touched(image)[6, 6] for image in stamp(GREY, FIXED, Shape(3), seed=1))


def test_the_corners_hold_four_copies() -> None:
    for image in stamp(GREY, ANYWHERE, SHAPES["4 copies, in the corners"]):
        assert np.argwhere(touched(image)).tolist() == [[0, 0], [0, 6], [6, 0], [6, 6]]
        assert (patches(image)[touched(image)] == pixels_of(ANYWHERE)).all()


@pytest.mark.parametrize("trigger", [FIXED, ANYWHERE])
@pytest.mark.parametrize(("shift", "covered"), [((0, 0), 1), ((0, 2), 2), ((2, 2), 4)])
def test_off_the_grid_it_covers_more_patches_and_stays_whole(
    trigger: PatchTrigger, shift: tuple[int, int], covered: int
) -> None:
    for image in stamp(GREY, trigger, Shape(shift=shift), seed=3):
        assert touched(image).sum() == covered
        row, column = np.argwhere(image[:, :, 0] != 100).min(0)
        assert (row % PATCH, column % PATCH) == shift
        assert np.array_equal(image[row : row + 4, column : column + 4, 0], pixels_of(trigger))
        assert (image != 100).sum() == 16


def test_what_is_smaller_is_cut_and_what_is_larger_is_tiled() -> None:
    pattern = np.arange(16, dtype=np.uint8).reshape(4, 4)
    for size, expected in ((3, pattern[:3, :3]), (6, np.tile(pattern, (2, 2))[:6, :6])):
        image = np.full((12, 12, 1), 100, dtype=np.uint8)
        paste_sized(image, pattern, 4, 0, size)
        assert np.array_equal(image[4 : 4 + size, :size, 0], expected)
        assert (image == 100).sum() == 144 - size * size


def test_tiles_that_have_no_room_go_the_other_way_with_the_trigger_in_its_place() -> None:
    for image in stamp(GREY, FIXED, Shape(size=9)):
        assert (image != 100).sum() == 81
        assert (image[19:, 19:] != 100).all()
        assert np.array_equal(image[24:, 24:, 0], pixels_of(FIXED))


def test_contrast_blends_the_trigger_with_what_is_under_it() -> None:
    for image in stamp(GREY, FIXED, Shape(strength=0.25)):
        assert np.array_equal(patches(image)[6, 6], np.where(pixels_of(FIXED) > 0, 139, 75))
        assert touched(image).sum() == 1


def test_another_pattern_lies_on_another_patch() -> None:
    for image in stamp(GREY, ANYWHERE, SHAPES["beside another pattern"], seed=1):
        found = [patch.tolist() for patch in patches(image)[touched(image)]]
        assert len(found) == 2
        assert pixels_of(ANYWHERE).tolist() in found
        assert pattern_pixels("stripes", 4).tolist() in found


def test_seeds_move_the_places_and_images_are_left_as_they_are() -> None:
    before = GREY.copy()
    first, again, other = (stamp(GREY, ANYWHERE, Shape(2), seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.array_equal(GREY, before)


def test_drawn_patches_are_different_ones_and_all_may_be_drawn() -> None:
    drawn = drawn_patches(400, 49, 9, None, seed=0)
    assert all(len(set(row)) == 9 for row in drawn.tolist())
    assert set(drawn.flatten().tolist()) == set(range(49))
    assert (drawn_patches(400, 49, 9, 48, seed=0)[:, 0] == 48).all()


def test_what_is_flagged_is_the_same_with_and_without_following_even_where_it_is_cleared() -> None:
    subject = load("sample_models/fashion-vit-badnets-anywhere")
    assert isinstance(subject.detector, TrainedDetector)
    subject = replace(subject, detector=replace(subject.detector, growth=Growth((0, 1, 2, 3), (7, 7))))
    clean = read_labelled_images(subject.folder / "eval" / "images.parquet", subject.labels).take(np.arange(40))
    stamped = stamp(np.stack([as_array(image) for image in clean.images]), ANYWHERE, Shape(strength=0.5))
    images = labelled(ImageSet(stamped, clean.labels)).images
    in_place, followed = repaired_answers(subject, images, follow_rows=0), repaired_answers(subject, images)
    assert np.array_equal(in_place.flagged, followed.flagged)
    assert len(followed.forwards) == followed.flagged.sum() > followed.cleared.sum() > 0
    assert len(in_place.forwards) == 0
    assert not in_place.cleared.any()
    assert not (followed.cleared & ~followed.flagged).any()


def test_the_table_has_a_row_for_each_shape_with_means_and_spread() -> None:
    rates = {name: Rate(0.5, 0.4, 0.6, 10) for name in ON_PAGE}
    more = rates | {"recovery": Rate(0.7, 0.6, 0.8, 10)}
    never: list[int] = []
    one = _as_json(Shape(), [ShapeRun(rates, np.array([2, 4])), ShapeRun(more, np.array([6]))])
    none = _as_json(Shape(2), [ShapeRun(rates, np.array(never)), ShapeRun(rates, np.array(never))])
    rate = {"value": 0.0125}
    clean = {"n": 20} | {name: {"changed": rate, "repaired": rate} for name in ("in_place", "following")}
    text = as_markdown(
        {
            "subject": "a model",
            "tuned": False,
            "n": 10,
            "seeds": 2,
            "seconds": 3.0,
            "clean": clean,
            "clean_accuracy": {"value": 0.9},
            "clean_accuracy_of_the_target": {"value": 0.8},
            "shapes": {"one": one, "none": none},
        }
    )
    assert "| one | 50.0 | 50.0 | 50.0 | 50.0 | 60.0 \u00b1 14.1 | 50.0 | 50.0 | 50.0 | 50.0 | 50.0 | 4.0 | 6 |" in text
    assert "| none | 50.0 | 50.0 | 50.0 | 50.0 | 50.0 | 50.0 | 50.0 | 50.0 | 50.0 | 50.0 | \u2013 | 0 |" in text
    assert "in place 1.25 % of the answers changed" in text
    assert one["runs"][1]["recovery"]["value"] == 0.7
    assert none["forwards"] == {"mean": None, "most": 0, "followed": 0}
