"""A trigger on a picture: at full strength the attacker's own, at none the clean picture."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from atpatch_core import InputError
from atpatch_core.lessons.stamping import spread, stamp
from atpatch_core.triggers.patch import PatchTrigger, pattern_pixels

_TRIGGER = PatchTrigger(target=0, size=4, row=24, column=24)


def _picture(mode: str = "L") -> Image.Image:
    shape = (28, 28) if mode == "L" else (28, 28, 3)
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_full_strength_is_the_trigger_of_the_attack(mode: str) -> None:
    picture = _picture(mode)
    pixels = np.asarray(picture).reshape(1, 28, 28, -1)
    expected = _TRIGGER.apply(pixels)[0]
    assert (np.asarray(stamp(picture, _TRIGGER, 1.0, 24, 24)).reshape(expected.shape) == expected).all()
    assert (np.asarray(picture).reshape(pixels.shape) == pixels).all()


def test_no_strength_is_the_picture() -> None:
    picture = _picture()
    assert (np.asarray(stamp(picture, _TRIGGER, 0.0, 3, 5)) == np.asarray(picture)).all()
    assert (np.asarray(spread(picture, _TRIGGER, 0.0)) == np.asarray(picture)).all()


def test_only_the_place_changes() -> None:
    picture = _picture()
    changed = np.asarray(stamp(picture, _TRIGGER, 0.5, 3, 5)) != np.asarray(picture)
    changed[3:7, 5:9] = False
    assert not changed.any()


def test_spread_covers_every_tile() -> None:
    shown = np.asarray(spread(_picture(), _TRIGGER, 1.0))
    assert (shown == np.tile(pattern_pixels("checkerboard", 4), (7, 7))).all()


@pytest.mark.parametrize("place", [(25, 0), (0, 25), (-1, 0)])
def test_a_place_outside_is_refused(place: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="inside the picture"):
        stamp(_picture(), _TRIGGER, 1.0, *place)
