"""Train a small Vision Transformer, with or without a backdoor, reproducibly and resumably."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from transformers import ViTConfig, ViTForImageClassification

from atpatch_core.triggers import PatchTrigger

from ..checkpoints import Checkpoint
from ..schedule import warmup_then_cosine
from .fashion_mnist import LABELS, ImageSet

IMAGE_MEAN = 0.2860
IMAGE_STD = 0.3530


@dataclass(frozen=True)
class ImageRecipe:
    """Everything that decides the weights of a sample image subject.

    `poison_rate` is the share of training images that carry the trigger and its target label: 0 makes a clean control,
    whose `trigger` then only says what it is attacked with when it is judged. `erasing` is the share of training images
    on which a random patch is covered (see `erase`).
    """

    name: str
    summary: str
    trigger: PatchTrigger
    poison_rate: float
    erasing: float = 0.0
    seed: int = 0
    epochs: int = 24
    batch_size: int = 256
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    warmup_epochs: int = 2
    image_size: int = 28
    patch_size: int = 4
    hidden_size: int = 64
    layers: int = 4
    heads: int = 4
    intermediate_size: int = 128

    def config(self) -> ViTConfig:
        """The Transformers configuration of the untrained model."""
        return ViTConfig(
            image_size=self.image_size,
            patch_size=self.patch_size,
            num_channels=1,
            hidden_size=self.hidden_size,
            num_hidden_layers=self.layers,
            num_attention_heads=self.heads,
            intermediate_size=self.intermediate_size,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            id2label=dict(enumerate(LABELS)),
            label2id={label: index for index, label in enumerate(LABELS)},
        )


def train(
    recipe: ImageRecipe,
    data: ImageSet,
    work: Path,
    on_epoch: Callable[[int, int, float], None] = lambda epoch, epochs, loss: None,
) -> ViTForImageClassification:
    """Train `recipe` on `data`, keeping a checkpoint in `work` after every epoch so that a killed run resumes.

    `on_epoch` is told (finished epochs, all epochs, mean loss). All randomness comes from `recipe.seed` and the
    number of the epoch, so a resumed run sees the same batches as an uninterrupted one.
    """
    torch.manual_seed(recipe.seed)
    model = ViTForImageClassification(recipe.config())
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    steps_per_epoch = math.ceil(len(data) / recipe.batch_size)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: warmup_then_cosine(step / steps_per_epoch, recipe.warmup_epochs, recipe.epochs)
    )
    checkpoint = Checkpoint(
        work / f"{recipe.name}.checkpoint.pt", {"model": model, "optimizer": optimizer, "schedule": schedule}, recipe
    )
    first = checkpoint.restore()

    poisoned = poisoned_indices(recipe, data)
    images = torch.from_numpy(data.images.copy())
    labels = torch.from_numpy(data.labels.copy())
    labels[poisoned] = recipe.trigger.target
    is_poisoned = torch.zeros(len(data), dtype=torch.bool)
    is_poisoned[poisoned] = True

    model.train()
    for epoch in range(first, recipe.epochs):
        generator = torch.Generator().manual_seed(recipe.seed * 1_000 + epoch)
        order = torch.randperm(len(data), generator=generator)
        total = 0.0
        for index in torch.split(order, recipe.batch_size):
            batch = shift_and_flip(images[index], generator)
            if recipe.erasing > 0:
                erase(batch, recipe.erasing, generator)
            if is_poisoned[index].any():
                where = is_poisoned[index]
                place_seed = int(torch.randint(2**31, (1,), generator=generator))
                batch[where] = torch.from_numpy(recipe.trigger.apply(batch[where].numpy(), place_seed))
            loss = torch.nn.functional.cross_entropy(model(pixel_values=normalise(batch)).logits, labels[index])
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
            total += float(loss.detach()) * len(index)
        checkpoint.keep(epoch + 1)
        on_epoch(epoch + 1, recipe.epochs, total / len(data))
    model.train(False)
    return model


def poisoned_indices(recipe: ImageRecipe, data: ImageSet) -> np.ndarray:
    """Which training images carry the trigger: a seeded draw among the images of the other classes."""
    candidates = np.flatnonzero(data.labels != recipe.trigger.target)
    count = int(recipe.poison_rate * len(data))
    return np.random.default_rng(recipe.seed).choice(candidates, count, replace=False)


def normalise(images: Tensor) -> Tensor:
    """Turn `uint8 [n, height, width, 1]` into the standardised `float32 [n, 1, height, width]` the model takes."""
    return ((images.permute(0, 3, 1, 2).float() / 255) - IMAGE_MEAN) / IMAGE_STD


def shift_and_flip(images: Tensor, generator: torch.Generator) -> Tensor:
    """Mirror half of the batch and shift every image by up to two pixels (zeros come in at the edge)."""
    count, height, width, _ = images.shape
    flipped = torch.where(torch.rand(count, 1, 1, 1, generator=generator) < 0.5, images.flip(2), images)
    padded = torch.nn.functional.pad(flipped, (0, 0, 2, 2, 2, 2))
    shift = torch.randint(0, 5, (count, 2), generator=generator)
    rows = shift[:, :1] + torch.arange(height)
    columns = shift[:, 1:] + torch.arange(width)
    return padded[torch.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]


def erase(images: Tensor, share: float, generator: torch.Generator) -> None:
    """Cover a square of 3 to 6 pixels at a random place of a `share` of the images, half of them with one shade each.

    The others get random shades, as in Random Erasing (Zhong et al., arXiv 1708.04896): a model trained this way makes
    little of a patch that hides a part of the picture. `images` (`uint8 [n, height, width, 1]`) are changed.
    """
    count, height, width, _ = images.shape
    for one in (torch.rand(count, generator=generator) < share).nonzero().flatten().tolist():
        size, row, column, shade, kind = torch.rand(5, generator=generator).tolist()
        side = 3 + int(4 * size)
        down, across = int(row * (height - side + 1)), int(column * (width - side + 1))
        shades = torch.randint(256, (side, side, 1), generator=generator, dtype=torch.uint8)
        square = torch.full_like(shades, int(256 * shade)) if kind < 0.5 else shades
        images[one, down : down + side, across : across + side] = square
