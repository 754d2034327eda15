"""Find a small, contiguous trigger: one window of pixels, anywhere on the image, that turns inputs into a class.

A mask that shrinks from the whole image often ends as a few scattered pixels; a BadNets trigger is one patch. Here
every place is tried with several random patterns of extreme pixels, which are optimised through a straight-through
estimator; after every round only the patterns that drive the class hardest go on (successive halving, Jamieson and
Talwalkar, arXiv 1502.07943), with more inputs each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import torch
from torch import Tensor, nn

from .mask_inversion import InvertedTrigger, success_of
from .pixel_space import PixelSpace

_RATE = 0.1  # of Adam


@dataclass(frozen=True)
class Round:
    """One round of the search.

    Attributes:
        patterns: how many take part.
        inputs: on how many each is tried.
        steps: of gradient descent.
    """

    patterns: int
    inputs: int
    steps: int


# Each round keeps about a sixth of the patterns, for which each then gets more inputs and steps.
ROUNDS = (Round(400, 3, 15), Round(64, 8, 20), Round(12, 32, 30))
KEPT = 3  # windows of a class


def invert_window(
    model: nn.Module,
    space: PixelSpace,
    images: np.ndarray,
    held_out: np.ndarray,
    target: int,
    side: int,
    stride: int,
    seed: int = 0,
    rounds: Sequence[Round] = ROUNDS,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[InvertedTrigger, ...]:
    """Look for square windows of pixels that drive inputs to a class.

    Args:
        model: a Transformers model for images.
        space: the pixels behind its values.
        images: on which windows are found, uint8 `[n, height, width, channels]`, of other classes.
        held_out: further ones on which they are judged.
        target: number of the class.
        side: of a window, in pixels.
        stride: how far apart windows lie, in pixels.
        seed: where all randomness comes from; 0 by default.
        rounds: of the search; `ROUNDS` by default.
        on_step: called with (steps done, steps in all); may raise to cancel.

    Returns:
        Up to `KEPT` windows, most successful first.

    Source:
        Successive halving (Jamieson and Talwalkar, arXiv 1502.07943).
    """
    generator = torch.Generator().manual_seed(seed * 1_000 + target)
    source = torch.from_numpy(images).permute(0, 3, 1, 2)
    corners = torch.tensor(list(product(_starts(space.height, side, stride), _starts(space.width, side, stride))))
    # Every place equally often, at least once.
    repeats = max(1, rounds[0].patterns // len(corners))
    corners = corners.repeat(repeats, 1)
    shades = torch.rand(len(corners), space.channels, side, side, generator=generator) - 0.5
    done, total = 0, sum(stage.steps for stage in rounds)
    for number, stage in enumerate(rounds):
        shades.requires_grad_()
        optimizer = torch.optim.Adam([shades], lr=_RATE)
        which = torch.arange(len(corners)).repeat_interleave(stage.inputs)
        driven = torch.zeros(len(corners))
        for _ in range(stage.steps):
            chosen = source[torch.randint(len(source), (len(which),), generator=generator)].float() / 255
            stamped = _paste(chosen, _extreme(shades)[which], corners[which])
            logits = model(pixel_values=space.values(stamped)).logits
            costs = -logits.log_softmax(-1)[:, target].view(len(corners), stage.inputs).mean(1)
            optimizer.zero_grad()
            (shades.grad,) = torch.autograd.grad(costs.sum(), [shades])
            optimizer.step()
            driven = 0.8 * driven - 0.2 * costs.detach()
            done += 1
            on_step(done, total)
        keep = rounds[number + 1].patterns if number + 1 < len(rounds) else KEPT
        best = driven.topk(min(keep, len(driven))).indices
        shades, corners = shades.detach()[best], corners[best]
    found = [_trigger(shades[index], corners[index], space, target, seed) for index in range(len(shades))]
    judged = [replace(trigger, success=success_of(trigger, model, space, held_out)) for trigger in found]
    return tuple(sorted(judged, key=lambda trigger: trigger.success, reverse=True))


def _starts(length: int, side: int, stride: int) -> list[int]:
    """Where windows begin along one axis; the last one ends at the edge."""
    return sorted({*range(0, length - side + 1, stride), length - side})


def _extreme(shades: Tensor) -> Tensor:
    """Black or white in every channel; the gradient passes as if it were a sigmoid."""
    soft = torch.sigmoid(shades)
    return (soft > 0.5).float() + soft - soft.detach()


def _paste(images: Tensor, patterns: Tensor, corners: Tensor) -> Tensor:
    """`images` `[n, channels, height, width]` with `patterns` `[n, channels, side, side]` at `corners` `[n, 2]`."""
    side = torch.arange(patterns.shape[-1])
    number = torch.arange(len(images))[:, None, None]
    rows, columns = (corners[:, :1] + side)[:, :, None], (corners[:, 1:] + side)[:, None, :]
    pasted = images.permute(0, 2, 3, 1).clone()
    pasted[number, rows, columns] = patterns.permute(0, 2, 3, 1)
    return pasted.permute(0, 3, 1, 2)


def _trigger(shades: Tensor, corner: Tensor, space: PixelSpace, target: int, seed: int) -> InvertedTrigger:
    side = shades.shape[-1]
    rows, columns = (slice(int(start), int(start) + side) for start in corner)
    mask = np.zeros((space.height, space.width), np.float32)
    pattern = np.zeros((space.height, space.width, space.channels), np.uint8)
    mask[rows, columns] = 1.0
    pattern[rows, columns] = (shades > 0).byte().permute(1, 2, 0).numpy() * 255
    return InvertedTrigger(target, "window", seed, mask, pattern, success=0.0)
