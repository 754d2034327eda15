"""Make pairs of clean and triggered images from inverted triggers, in many variations.

A detector that has only seen a trigger as it was found would learn its place and its look. So pairs move it, fade it,
add noise or take patches away. A trigger that works at any place is moved most of the time, and sometimes copied, as
copies take attention from each other; one that works only where it was found is more often left there, since elsewhere
it teaches no more than what is harmless. Some pairs carry distractors instead: random stripes, boards and noise, which
draw attention, too. Each image is one of its slightly moved copies: the same few hundred images, again and again,
would teach too little about what is benign.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .mask_inversion import InvertedTrigger, moved
from .sets import ImageDebuggingSet, covered_patches, moved_copies

_VISIBLE = 0.1  # of the mask: less of a trigger leaves a patch as it was
# Shares of pairs with the trigger as found, moved, altered, with a distractor, and copied, for a trigger that works
# only where it was found, and for one that works anywhere; a trigger in between gets shares in between. No
# measurement is kept.
_HERE_ONLY = np.array((0.3, 0.25, 0.2, 0.25, 0.0))
_ANYWHERE = np.array((0.1, 0.45, 0.1, 0.15, 0.2))
_COPIES = 4  # at most


def inverted_pairs(
    triggers: Sequence[InvertedTrigger],
    elsewhere: Sequence[float],
    clean: np.ndarray,
    answers: np.ndarray,
    grid: tuple[int, int],
    count: int,
    seed: int,
) -> ImageDebuggingSet:
    """Pairs of clean images and the same images with a varied trigger on them.

    A trigger is put on images of other classes than its own target, each trigger equally often.

    Args:
        triggers: what to put on; without any the set is empty.
        elsewhere: how well each trigger works at other places, 0 to 1 (see `success_elsewhere`).
        clean: images, uint8 `[n, height, width, channels]`.
        answers: the model's answers to them, int64 `[n]`.
        grid: rows and columns of patches.
        count: how many pairs to make.
        seed: where all randomness comes from.

    Returns:
        The pairs, up to `count`.
    """
    rng = np.random.default_rng(seed)
    chosen, stamped, covered = [], [], []
    for number in range(count if triggers else 0):
        trigger, roams = triggers[number % len(triggers)], elsewhere[number % len(triggers)]
        others = np.flatnonzero(answers != trigger.target)
        if len(others) == 0:
            continue
        image = rng.choice(moved_copies(clean[[rng.choice(others)]]))
        mask, pattern = _varied(trigger, roams, grid, rng)
        chosen.append(image)
        stamped.append((image * (1 - mask[:, :, None]) + pattern * mask[:, :, None]).round().astype(np.uint8))
        covered.append(covered_patches(mask > _VISIBLE, grid))
    empty = np.empty((0, *clean.shape[1:]), np.uint8)
    return ImageDebuggingSet(
        clean=np.stack(chosen) if chosen else empty,
        triggered=np.stack(stamped) if stamped else empty,
        covered=np.stack(covered) if covered else np.empty((0, grid[0] * grid[1]), bool),
        origin=f"{len(triggers)} triggers inverted from the model, as found, moved and altered",
    )


def _varied(
    trigger: InvertedTrigger, roams: float, grid: tuple[int, int], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    mask, pattern = trigger.mask, trigger.pattern.astype(np.float32)
    kind = rng.choice(5, p=(1 - roams) * _HERE_ONLY + roams * _ANYWHERE)
    if kind == 1:
        shifted = moved(trigger, _shift(mask.shape, _steps(mask.shape, grid, rng), rng))
        return shifted.mask, shifted.pattern.astype(np.float32)
    if kind == 2:
        return _altered(mask, pattern, grid, rng)
    if kind == 3:
        return _distractor(pattern.shape, rng)
    if kind == 4:
        return _copied(trigger, grid, rng)
    return mask, pattern


def _copied(trigger: InvertedTrigger, grid: tuple[int, int], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two or more copies, moved as one is; where they overlap, the stronger mask shows."""
    mask, pattern = np.zeros_like(trigger.mask), np.zeros(trigger.pattern.shape, np.float32)
    steps = _steps(mask.shape, grid, rng)
    for _ in range(rng.integers(2, _COPIES + 1)):
        copy = moved(trigger, _shift(mask.shape, steps, rng))
        stronger = copy.mask > mask
        mask = np.where(stronger, copy.mask, mask)
        pattern = np.where(stronger[:, :, None], copy.pattern, pattern)
    return mask, pattern


def _steps(shape: tuple[int, ...], grid: tuple[int, int], rng: np.random.Generator) -> tuple[int, int]:
    """One pixel down and across, or half of the time a whole patch: cut otherwise, a trigger may mean nothing."""
    return (1, 1) if rng.random() < 0.5 else (shape[0] // grid[0], shape[1] // grid[1])


def _shift(shape: tuple[int, ...], steps: tuple[int, int], rng: np.random.Generator) -> tuple[int, int]:
    """Any number of steps."""
    down, across = steps
    return down * int(rng.integers(0, shape[0] // down)), across * int(rng.integers(0, shape[1] // across))


def _altered(
    mask: np.ndarray, pattern: np.ndarray, grid: tuple[int, int], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Patches taken away, contrast lowered, noise added."""
    height, width = mask.shape
    kept = rng.random(grid) < rng.uniform(0.5, 1.0)
    kept_pixels = np.kron(kept, np.ones((height // grid[0], width // grid[1])))
    mask = mask * np.pad(kept_pixels, ((0, height - kept_pixels.shape[0]), (0, width - kept_pixels.shape[1])))
    faded = 127.5 + (pattern - 127.5) * rng.uniform(0.5, 1.0)
    noisy = (faded + rng.normal(0, rng.uniform(0, 40), pattern.shape)).clip(0, 255)
    return mask.astype(np.float32), noisy.astype(np.float32)


def _distractor(shape: tuple[int, ...], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A rectangle of random size and place, filled with a random texture of few shades."""
    height, width, channels = shape
    side = rng.integers(2, max(3, min(height, width) // 3), 2)
    corner = rng.integers(0, (height - side[0] + 1, width - side[1] + 1))
    shades = (
        rng.uniform(0, 255, (2, channels)) if rng.random() < 0.3 else np.array([[0.0] * channels, [255.0] * channels])
    )
    row, column = np.indices((height, width))
    scale = int(rng.integers(1, 4))
    textures = (
        rng.random((height, width)) < rng.uniform(0.2, 0.8),
        (row // scale + column // scale) % 2 == 0,
        (row // scale) % 2 == 0,
        (column // scale) % 2 == 0,
        (row + column) // scale % 2 == 0,
        np.zeros((height, width), dtype=bool),
    )
    bright = textures[rng.integers(len(textures))]
    mask = np.zeros((height, width), np.float32)
    mask[corner[0] : corner[0] + side[0], corner[1] : corner[1] + side[1]] = 1.0
    return mask, np.where(bright[:, :, None], shades[1], shades[0]).astype(np.float32)
