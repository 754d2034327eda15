"""Find a trigger from the model alone: the smallest mask and pattern that turn any input into a chosen class.

After Neural Cleanse (Wang et al., IEEE S&P 2019). A class with a backdoor is reached with far less than the others. Two
penalties keep the trigger small: on the *pixels* it covers (the original one), or on the *patches* it touches, by a
group lasso, which gathers it in few tokens of the model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from .pixel_space import PixelSpace

Penalty = Literal["pixels", "patches"]
WANTED = 0.95  # of a batch: from this success on the mask may shrink
_BATCH = 48  # images in one step: more make it slower, fewer make its success noisier
_RATE = 0.1  # of Adam, as in Neural Cleanse
_FIRST_WEIGHT = 1e-3  # of the penalty, as in Neural Cleanse
_STRONGEST = 0.3  # weight of the penalty, so that the mask does not vanish while it still works
_PLACES = 24  # that a trigger is tried at, each a forward pass of all images
_STEP = 1.06  # by which the weight of the penalty goes up or down


@dataclass(frozen=True)
class InvertedTrigger:
    """A trigger found from the model alone: where its mask is 1 an image shows its pattern, where it is 0 itself.

    Attributes:
        target: number of the class that it turns inputs into.
        kind: which penalty or search found it.
        seed: of the search.
        mask: float32 `[height, width]`, 0 to 1.
        pattern: uint8 `[height, width, channels]`.
        success: the share of held-out inputs of other classes that it turns.
    """

    target: int
    kind: Literal["pixels", "patches", "window"]
    seed: int
    mask: np.ndarray
    pattern: np.ndarray
    success: float

    @property
    def size(self) -> float:
        """How many pixels it covers."""
        return float(self.mask.sum())


def invert_trigger(
    model: nn.Module,
    space: PixelSpace,
    images: np.ndarray,
    held_out: np.ndarray,
    target: int,
    penalty: Penalty = "patches",
    seed: int = 0,
    steps: int = 200,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> InvertedTrigger | None:
    """Look for the smallest trigger of a class. The model's weights and their gradients are left alone.

    Args:
        model: a Transformers model for images.
        space: the pixels behind its values.
        images: on which the trigger is found, uint8 `[n, height, width, channels]`, of other classes.
        held_out: further ones on which it is judged.
        target: number of the class.
        penalty: what keeps the trigger small, the pixels it covers or, by default, the patches it touches.
        seed: where all randomness comes from; 0 by default.
        steps: of gradient descent; 200 by default.
        on_step: called with (steps done, steps in all); may raise to cancel.

    Returns:
        `None` if no trigger was found in so many steps.

    Source:
        Neural Cleanse (Wang et al., IEEE S&P 2019).
    """
    generator = torch.Generator().manual_seed(seed * 1_000 + target)
    source = torch.from_numpy(images).permute(0, 3, 1, 2)
    mask_logits = (torch.randn(1, 1, space.height, space.width, generator=generator) * 0.1).requires_grad_()
    shade_logits = torch.randn(1, space.channels, space.height, space.width, generator=generator) * 0.5
    shade_logits.requires_grad_()
    wanted = torch.full((_BATCH,), target)
    weight = _FIRST_WEIGHT
    best: tuple[float, Tensor, Tensor] | None = None
    optimizer = torch.optim.Adam([mask_logits, shade_logits], lr=_RATE, betas=(0.5, 0.9))
    for step in range(steps):
        chosen = source[torch.randint(len(source), (_BATCH,), generator=generator)].float() / 255
        mask, pattern = torch.sigmoid(mask_logits), torch.sigmoid(shade_logits)
        logits = model(pixel_values=space.values(chosen * (1 - mask) + mask * pattern)).logits
        success = float((logits.argmax(-1) == target).float().mean())
        cost = _PENALTY[penalty](mask, space)
        loss = nn.functional.cross_entropy(logits, wanted) + weight * cost
        optimizer.zero_grad()
        mask_logits.grad, shade_logits.grad = torch.autograd.grad(loss, [mask_logits, shade_logits])
        optimizer.step()
        weight = min(weight * _STEP, _STRONGEST) if success >= WANTED else weight / _STEP
        if success >= WANTED and (best is None or cost.item() < best[0]):
            best = cost.item(), mask.detach()[0, 0].clone(), pattern.detach()[0].clone()
        on_step(step + 1, steps)
    if best is None:
        return None
    _, mask, pattern = best
    pixels = (pattern * 255).round().byte().permute(1, 2, 0).numpy()
    found = InvertedTrigger(target, penalty, seed, mask.numpy(), pixels, success=0.0)
    return replace(found, success=success_of(found, model, space, held_out))


def stamp(trigger: InvertedTrigger, images: np.ndarray) -> np.ndarray:
    """Put a trigger on images `uint8 [n, height, width, channels]` of the model's size."""
    mask = trigger.mask[None, :, :, None]
    stamped: np.ndarray = (images * (1 - mask) + trigger.pattern * mask).round().astype(np.uint8)
    return stamped


def success_of(trigger: InvertedTrigger, model: nn.Module, space: PixelSpace, images: np.ndarray) -> float:
    """The share of images that a model takes for the target class once they carry the trigger.

    Args:
        trigger: is put on the images.
        model: a Transformers model for images.
        space: the pixels behind its values.
        images: uint8 `[n, height, width, channels]`, at least one.

    Returns:
        0 to 1.
    """
    stamped = torch.from_numpy(stamp(trigger, images)).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        parts = (space.values(part) for part in torch.split(stamped, 250))
        answers = torch.cat([model(pixel_values=part).logits.argmax(-1) for part in parts])
    return float((answers == trigger.target).float().mean())


def moved(trigger: InvertedTrigger, by: tuple[int, int]) -> InvertedTrigger:
    """The trigger `by` so many pixels further down and to the right; what leaves one edge comes in at the other."""
    return replace(trigger, mask=np.roll(trigger.mask, by, (0, 1)), pattern=np.roll(trigger.pattern, by, (0, 1)))


def success_elsewhere(
    trigger: InvertedTrigger, model: nn.Module, space: PixelSpace, images: np.ndarray, seed: int = 0
) -> float:
    """How well a trigger works at other places than its own, moved by whole patches.

    Args:
        trigger: is put on the images.
        model: a Transformers model for images.
        space: the pixels behind its values.
        images: uint8 `[n, height, width, channels]`.
        seed: which places are tried; 0 by default.

    Returns:
        The mean success over `_PLACES` places, or as many as there are; 0 to 1, and 0 without places or images.
    """
    rows, columns = space.grid
    down, across = space.patch
    places = [(row * down, column * across) for row in range(rows) for column in range(columns)][1:]
    if not places or not len(images):
        return 0.0
    order = np.random.default_rng(seed).permutation(len(places))[:_PLACES]
    tried = [success_of(moved(trigger, places[place]), model, space, images) for place in order]
    return float(np.mean(tried))


def _pixels(mask: Tensor, _space: PixelSpace) -> Tensor:
    return mask.sum()


def _patches(mask: Tensor, space: PixelSpace) -> Tensor:
    """Group lasso over patches, scaled so that a full patch counts as its pixels; a quarter stays on the pixels."""
    down, across = space.patch
    patches = nn.functional.unfold(mask, (down, across), stride=(down, across))[0]
    groups = (patches.square().sum(0) + 1e-8).sqrt().sum() * (down * across) ** 0.5
    cost: Tensor = 0.5 * groups + 0.25 * mask.sum()
    return cost


_PENALTY: dict[Penalty, Callable[[Tensor, PixelSpace], Tensor]] = {"pixels": _pixels, "patches": _patches}
