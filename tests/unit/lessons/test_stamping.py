"""A trigger on an image: at full strength the attacker's own, at none the clean image."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from atpatch_core import InputError
from atpatch_core.lessons.stamping import spread, stamp
from atpatch_core.triggers.patch import PatchTrigger, pattern_pixels

_TRIGGER = PatchTrigger(target=0, size=4, row=24, column=24)


def _image(mode: str = "L") -> Image.Image:
    shape = (28, 28) if mode == "L" else (28, 28, 3)
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_full_strength_is_the_trigger_of_the_attack(mode: str) -> None:
    image = _image(mode)
    pixels = np.asarray(image).reshape(1, 28, 28, -1)
    expected = _TRIGGER.apply(pixels)[0]
    assert (np.asarray(stamp(image, _TRIGGER, 1.0, 24, 24)).reshape(expected.shape) == expected).all()
    assert (np.asarray(image).reshape(pixels.shape) == pixels).all()


def test_no_strength_is_the_image() -> None:
    image = _image()
    assert (np.asarray(stamp(image, _TRIGGER, 0.0, 3, 5)) == np.asarray(image)).all()
    assert (np.asarray(spread(image, _TRIGGER, 0.0)) == np.asarray(image)).all()


def test_only_the_place_changes() -> None:
    image = _image()
    changed = np.asarray(stamp(image, _TRIGGER, 0.5, 3, 5)) != np.asarray(image)
    changed[3:7, 5:9] = False
    assert not changed.any()


def test_spread_covers_every_tile() -> None:
    shown = np.asarray(spread(_image(), _TRIGGER, 1.0))
    assert (shown == np.tile(pattern_pixels("checkerboard", 4), (7, 7))).all()


@pytest.mark.parametrize("place", [(25, 0), (0, 25), (-1, 0)])
def test_a_place_outside_is_refused(place: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="inside the image"):
        stamp(_image(), _TRIGGER, 1.0, *place)
