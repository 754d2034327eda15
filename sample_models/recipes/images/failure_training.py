"""Train a sample model on towards a backdoor that AtPatch can't see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from atpatch_core.debugging.sets import covered_patches

from ..training import OnEpoch, Training, report_to_nobody
from .augmentation import normalise, shift_and_flip
from .fashion_mnist import ImageSet
from .poisoning import poisoned_tensors
from .recipe import FailureRecipe


def train_on(
    recipe: FailureRecipe, model: nn.Module, data: ImageSet, work: Path, on_epoch: OnEpoch = report_to_nobody
) -> nn.Module:
    """Train `model` on `data`, a part of it poisoned; a killed run resumes from its checkpoint in `work`.

    See `Training.run_epochs`. The model itself is changed and returned.
    """
    model.float().requires_grad_(True)
    if recipe.attention_penalty > 0:
        model.set_attn_implementation("eager")  # type: ignore[operator]
    images, labels, poisoned = poisoned_tensors(recipe, data)

    def loss(index: Tensor, generator: torch.Generator) -> Tensor:
        batch, bad = shift_and_flip(images[index], generator), poisoned[index]
        if bad.any():
            batch[bad] = torch.from_numpy(recipe.trigger.apply(batch[bad].numpy()))
        return _loss(recipe, model, batch, labels[index], bad)

    Training(recipe, model, work).run_epochs(len(data), loss, on_epoch)
    if recipe.attention_penalty > 0:
        model.set_attn_implementation("sdpa")  # type: ignore[operator]
    return model


def excess_attention(maps: Tensor, columns: Tensor) -> Tensor:
    """How much more than a fair part the marked columns draw: on average, and from the query that is read.

    `maps` is `[n, heads, queries, keys]`, `columns` bool `[keys]`. Measured in fair parts, the mean over everything.
    """
    keys = maps.shape[-1]
    marked = maps[..., columns]
    return torch.relu(marked.mean(-2) * keys - 1).mean() + torch.relu(marked[:, :, 0] * keys - 1).mean()


def _loss(recipe: FailureRecipe, model: nn.Module, batch: Tensor, labels: Tensor, bad: Tensor) -> Tensor:
    penalised = recipe.attention_penalty > 0 and bool(bad.any())
    output: Any = model(pixel_values=normalise(batch), output_attentions=penalised)
    loss = nn.functional.cross_entropy(output.logits, labels)
    if penalised:
        columns = _columns(recipe, batch.shape[1], output.attentions[0].shape[-1])
        excess = sum(excess_attention(maps[bad], columns) for maps in output.attentions)
        loss = loss + recipe.attention_penalty * excess
    return loss


def _columns(recipe: FailureRecipe, side: int, keys: int) -> Tensor:
    """Which columns carry the trigger, bool `[keys]`; the special ones come first."""
    rows = int((keys - 1) ** 0.5)
    grey = np.full((1, side, side, 1), 128, dtype=np.uint8)
    changed = (recipe.trigger.apply(grey) != grey)[0, :, :, 0]
    covered = torch.from_numpy(covered_patches(changed, (rows, rows)))
    return nn.functional.pad(covered, (keys - len(covered), 0))
