"""A BadNets trigger on one picture: anywhere, as faint as one likes, in one place or over all of it."""

from __future__ import annotations

import numpy as np
from PIL import Image

from ..errors import InputError
from ..evaluation.attacks import attacks_of
from ..subjects.image_files import from_array
from ..subjects.subject import Subject
from ..triggers import PatchTrigger, pattern_pixels


def known_trigger(subject: Subject) -> PatchTrigger:
    """The patch at a fixed place that the subject's folder says it answers to. Raises `InputError` without one."""
    for trigger in attacks_of(subject).values():
        if isinstance(trigger, PatchTrigger) and trigger.row is not None and trigger.column is not None:
            return trigger
    raise InputError(
        f"{subject.name} comes without a trigger to show: build it with `python -m sample_models build {subject.name}`."
    )


def stamp(picture: Image.Image, trigger: PatchTrigger, strength: float, row: int, column: int) -> Image.Image:
    """A copy that shows the trigger's pattern from pixel (row, column) on, with `strength` 0 (not) to 1 (opaque).

    Raises `InputError` when the pattern does not fit there.
    """
    pixels = _pixels(picture)
    if min(row, column) < 0 or row + trigger.size > pixels.shape[0] or column + trigger.size > pixels.shape[1]:
        raise InputError("The trigger does not fit there: choose a place inside the picture.")
    box = pixels[row : row + trigger.size, column : column + trigger.size]
    box[:] = (1 - strength) * box + strength * _pattern(trigger)[:, :, None]
    return _picture(pixels)


def spread(picture: Image.Image, trigger: PatchTrigger, strength: float) -> Image.Image:
    """A copy with the trigger's pattern blended over the whole picture, tile by tile, with `strength` 0 to 1."""
    pixels = _pixels(picture)
    height, width, _ = pixels.shape
    tiled = np.tile(_pattern(trigger), (-(-height // trigger.size), -(-width // trigger.size)))[:height, :width]
    return _picture((1 - strength) * pixels + strength * tiled[:, :, None])


def _pattern(trigger: PatchTrigger) -> np.ndarray:
    return pattern_pixels(trigger.pattern, trigger.size, trigger.pattern_seed).astype(np.float64)


def _pixels(picture: Image.Image) -> np.ndarray:
    """`float64 [height, width, channels]`, a copy."""
    pixels = np.asarray(picture, dtype=np.float64)
    return (pixels[:, :, None] if pixels.ndim == 2 else pixels).copy()


def _picture(pixels: np.ndarray) -> Image.Image:
    return from_array(pixels.round().astype(np.uint8))
