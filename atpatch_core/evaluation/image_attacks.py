"""The attacks an image subject is put to: those it is known to carry, and what else can be done with its patch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..subjects.image import ImageAdapter
from ..subjects.subject import Subject
from ..triggers.patch import PatchTrigger
from ..triggers.spread import CornerPatches
from .attacks import Trigger
from .datasets import LabelledImages
from .evaluate import Triggered
from .labelled import Labelled


def with_variations(own: Mapping[str, Trigger], side: int) -> dict[str, Trigger]:
    """The subject's own attacks, and for the first patch among them more.

    `moved` is its patch at one other place, `anywhere` at a random place in every image (`off-grid`, if its own
    places are random but keep to the model's patches), `corners` in all four corners. A model that only answers to its
    trigger in its place resists some of them by itself: ASR before the fix says so.

    Args:
        own: the subject's attacks, by name.
        side: of the images, in pixels.
    """
    attacks = dict(own)
    patch = next((trigger for trigger in own.values() if isinstance(trigger, PatchTrigger)), None)
    if patch is None:
        return attacks
    start = max(0, side // 2 - patch.size)
    attacks["moved"] = replace(patch, row=start, column=start)
    if patch.row is not None or patch.column is not None:
        attacks["anywhere"] = replace(patch, row=None, column=None)
    elif patch.step > 1:
        attacks["off-grid"] = replace(patch, step=1)
    if 2 * patch.size <= side:
        attacks["corners"] = CornerPatches(patch.target, patch.size, patch.pattern, patch.pattern_seed)
    return attacks


def covered_patches_of(subject: Subject, attack: Triggered) -> np.ndarray:
    """Which patches of each triggered image differ from its clean twin as the model sees them, bool `[n, patches]`.

    None of them where the twin is not known or the model has no grid of patches.
    """
    count = len(attack.inputs)
    grid = subject.adapter.grid if isinstance(subject.adapter, ImageAdapter) else None
    if grid is None or not isinstance(attack.clean, LabelledImages) or len(attack.clean) != count:
        return np.zeros((count, 0 if grid is None else grid[0] * grid[1]), dtype=bool)
    return np.concatenate(
        [
            _differing(subject, list(attack.clean.inputs[part]), list(attack.inputs.inputs[part]), grid)
            for part in (slice(start, start + 250) for start in range(0, count, 250))
        ]
    )


def image_side(data: Labelled) -> int:
    """The smallest side of the images, in pixels."""
    sides: list[int] = [min(image.size) for image in data.inputs]
    return min(sides)


def _differing(subject: Subject, clean: list[object], bad: list[object], grid: tuple[int, int]) -> np.ndarray:
    changed = (subject.encode(clean)["pixel_values"] != subject.encode(bad)["pixel_values"]).any(1).numpy()
    count, height, width = changed.shape
    down, across = height // grid[0], width // grid[1]
    tiles = changed[:, : grid[0] * down, : grid[1] * across].reshape(count, grid[0], down, grid[1], across)
    found: np.ndarray = tiles.any(axis=(2, 4)).reshape(count, -1)
    return found
