"""Which training images carry a trigger."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .fashion_mnist import ImageSet
from .recipe import FailureRecipe, ImageRecipe


def poisoned_indices(recipe: ImageRecipe | FailureRecipe, data: ImageSet) -> np.ndarray:
    """Which training images carry the trigger: a seeded draw among the images of the other classes."""
    candidates = np.flatnonzero(data.labels != recipe.trigger.target)
    count = int(recipe.poison_rate * len(data))
    return np.random.default_rng(recipe.seed).choice(candidates, count, replace=False)


def poisoned_tensors(recipe: ImageRecipe | FailureRecipe, data: ImageSet) -> tuple[Tensor, Tensor, Tensor]:
    """The images, still without triggers; the labels to learn; and which images are poisoned, bool `[n]`."""
    poisoned = torch.zeros(len(data), dtype=torch.bool)
    poisoned[poisoned_indices(recipe, data)] = True
    labels = torch.from_numpy(data.labels.copy())
    labels[poisoned] = recipe.trigger.target
    return torch.from_numpy(data.images.copy()), labels, poisoned
