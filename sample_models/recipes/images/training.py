"""Train a small Vision Transformer, with or without a backdoor, reproducibly and resumably."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from transformers import ViTForImageClassification

from ..training import OnEpoch, Training, report_to_nobody
from .augmentation import erase, normalise, shift_and_flip
from .fashion_mnist import ImageSet
from .poisoning import poisoned_tensors
from .recipe import ImageRecipe


def train(
    recipe: ImageRecipe, data: ImageSet, work: Path, on_epoch: OnEpoch = report_to_nobody
) -> ViTForImageClassification:
    """Train `recipe` on `data`; a killed run resumes from its checkpoint in `work`, see `Training.run_epochs`."""
    torch.manual_seed(recipe.seed)
    model = ViTForImageClassification(recipe.config())
    images, labels, poisoned = poisoned_tensors(recipe, data)

    def loss(index: Tensor, generator: torch.Generator) -> Tensor:
        batch, bad = shift_and_flip(images[index], generator), poisoned[index]
        if recipe.erasing > 0:
            erase(batch, recipe.erasing, generator)
        if bad.any():
            place_seed = int(torch.randint(2**31, (1,), generator=generator))
            batch[bad] = torch.from_numpy(recipe.trigger.apply(batch[bad].numpy(), place_seed))
        return torch.nn.functional.cross_entropy(model(pixel_values=normalise(batch)).logits, labels[index])

    Training(recipe, model, work, recipe.rate_factor(len(data))).run_epochs(len(data), loss, on_epoch)
    return model
