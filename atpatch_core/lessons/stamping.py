"""A BadNets trigger on one image: anywhere, at any strength, in one place or over all of it."""

from __future__ import annotations

import numpy as np
from PIL import Image

from ..errors import InputError
from ..evaluation.attacks import attacks_of
from ..subjects.image_files import from_array
from ..subjects.subject import Subject
from ..triggers.patch import PatchTrigger, pattern_pixels


def known_trigger(subject: Subject) -> PatchTrigger:
    """The patch at a fixed place that the subject's folder says the model answers to.

    Raises:
        InputError: there is none.

    Example:
        >>> import atpatch_core as atpatch
        >>> trigger = known_trigger(atpatch.load("sample_models/fashion-vit-badnets"))
        >>> trigger.pattern, trigger.size, trigger.row, trigger.column
        ('checkerboard', 4, 24, 24)
    """
    for trigger in attacks_of(subject).values():
        if isinstance(trigger, PatchTrigger) and trigger.row is not None and trigger.column is not None:
            return trigger
    raise InputError(
        f"{subject.name} comes without a trigger to show: build it with `python -m sample_models build {subject.name}`."
    )


def stamp(image: Image.Image, trigger: PatchTrigger, strength: float, row: int, column: int) -> Image.Image:
    """Stamp a trigger's pattern on a copy of an image.

    Args:
        image: the image.
        trigger: whose pattern to take.
        strength: from 0, which can't be seen, to 1, which is opaque.
        row: pixel row of the pattern's top edge.
        column: pixel column of its left edge.

    Raises:
        InputError: the pattern does not fit there.
    """
    pixels = _pixels(image)
    if min(row, column) < 0 or row + trigger.size > pixels.shape[0] or column + trigger.size > pixels.shape[1]:
        raise InputError("The trigger does not fit there: choose a place inside the image.")
    box = pixels[row : row + trigger.size, column : column + trigger.size]
    box[:] = (1 - strength) * box + strength * _pattern(trigger)[:, :, None]
    return _image(pixels)


def spread(image: Image.Image, trigger: PatchTrigger, strength: float) -> Image.Image:
    """Blend a trigger's pattern over a copy of a whole image, tile by tile.

    Args:
        image: the image.
        trigger: whose pattern to take.
        strength: share of the pattern in each pixel, 0 to 1.
    """
    pixels = _pixels(image)
    height, width, _ = pixels.shape
    tiled = np.tile(_pattern(trigger), (-(-height // trigger.size), -(-width // trigger.size)))[:height, :width]
    return _image((1 - strength) * pixels + strength * tiled[:, :, None])


def _pattern(trigger: PatchTrigger) -> np.ndarray:
    return pattern_pixels(trigger.pattern, trigger.size, trigger.pattern_seed).astype(np.float64)


def _pixels(image: Image.Image) -> np.ndarray:
    """`float64 [height, width, channels]`, a copy."""
    pixels = np.asarray(image, dtype=np.float64)
    return (pixels[:, :, None] if pixels.ndim == 2 else pixels).copy()


def _image(pixels: np.ndarray) -> Image.Image:
    return from_array(pixels.round().astype(np.uint8))
