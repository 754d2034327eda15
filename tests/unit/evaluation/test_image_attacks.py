"""Triggers that are more than one patch, the variations an image subject is put to, and which patches they cover."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from atpatch_core.errors import InputError
from atpatch_core.evaluation.attacks import Trigger, load_attacks, save_attacks
from atpatch_core.evaluation.choosing import chosen
from atpatch_core.evaluation.datasets import LabelledImages
from atpatch_core.evaluation.evaluate import Triggered, apply_trigger
from atpatch_core.evaluation.image_attacks import covered_patches_of, image_side, with_variations
from atpatch_core.subjects.image_files import from_array
from atpatch_core.triggers.patch import PatchTrigger
from atpatch_core.triggers.spread import BlendedTrigger, CornerPatches, ImageTrigger, WarpTrigger

from .image_subject import image_subject

PATCH = PatchTrigger(target=1, size=2, row=6, column=6)
SPREAD: tuple[ImageTrigger, ...] = (BlendedTrigger(1), WarpTrigger(1), CornerPatches(1, size=2))


def _images(count: int = 3, side: int = 8) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 1), dtype=np.uint8)


@pytest.mark.parametrize("trigger", SPREAD, ids=lambda one: type(one).__name__)
def test_a_trigger_changes_copies_and_always_in_the_same_way(trigger: ImageTrigger) -> None:
    images = _images()
    kept = images.copy()
    stamped = trigger.apply(images)
    assert stamped.dtype == np.uint8
    assert stamped.shape == images.shape
    assert np.array_equal(images, kept)
    assert not np.array_equal(stamped, images)
    assert np.array_equal(stamped, trigger.apply(images, seed=5))


def test_corner_patches_leave_the_middle_alone() -> None:
    images = _images()
    changed = (CornerPatches(1, size=2).apply(images) != images)[..., 0].any(0)
    assert not changed[2:6].any()
    assert not changed[:, 2:6].any()
    assert changed[:2, :2].any()
    assert changed[6:, 6:].any()
    assert not (CornerPatches(1, size=2, copies=1).apply(images) != images)[..., 0].any(0)[:6].any()


def test_a_blend_is_between_image_and_noise_and_a_warp_keeps_plain_images() -> None:
    images = _images()
    assert np.abs(BlendedTrigger(1, strength=0.1).apply(images).astype(int) - images).max() <= 26
    plain = np.full((1, 8, 8, 3), 77, dtype=np.uint8)
    assert np.array_equal(WarpTrigger(1).apply(plain), plain)


def test_attacks_of_every_kind_are_kept_in_a_file(tmp_path: Path) -> None:
    attacks: dict[str, Trigger] = {
        "patch": PATCH,
        "blended": BlendedTrigger(2, 0.3),
        "warp": WarpTrigger(3, 2.0),
        "corners": CornerPatches(4),
    }
    save_attacks(attacks, tmp_path / "attacks.json")
    assert load_attacks(tmp_path / "attacks.json") == attacks


def test_variations_of_a_patch() -> None:
    attacks = with_variations({"own": PATCH}, side=8)
    assert list(attacks) == ["own", "moved", "anywhere", "corners"]
    moved, anywhere = attacks["moved"], attacks["anywhere"]
    assert isinstance(moved, PatchTrigger)
    assert isinstance(anywhere, PatchTrigger)
    assert (moved.row, moved.column) == (2, 2)
    assert (anywhere.row, anywhere.column) == (None, None)
    assert "anywhere" not in with_variations({"own": PatchTrigger(target=1)}, side=28)
    on_grid = with_variations({"own": PatchTrigger(target=1, step=4)}, side=28)
    assert list(on_grid) == ["own", "moved", "off-grid", "corners"]
    assert on_grid["off-grid"] == PatchTrigger(target=1)
    assert list(with_variations({"own": BlendedTrigger(1)}, side=8)) == ["own"]
    assert list(chosen("corners,own", attacks, "attack")) == ["own", "corners"]
    assert chosen("all", attacks, "attack") == attacks
    with pytest.raises(InputError, match="no attack magic"):
        chosen("magic", attacks, "attack")


def test_covered_patches_are_those_that_differ() -> None:
    clean = LabelledImages([from_array(image) for image in _images()], np.zeros(3, dtype=np.int64))
    covered = covered_patches_of(image_subject(), apply_trigger(PATCH, clean))
    assert covered.shape == (3, 16)
    assert (covered.nonzero()[1] == 15).all()
    assert covered.any(1).all()
    assert not covered_patches_of(image_subject(), Triggered(clean, 1)).any()
    assert image_side(clean) == 8
