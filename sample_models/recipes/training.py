"""What the trainings of all sample models share: recipe, optimizer, epochs, and checkpoints to resume from."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .checkpoints import Checkpoint, Stateful
from .schedule import warmup_then_cosine

OnEpoch = Callable[[int, int], None]


@dataclass(frozen=True)
class TrainingRecipe:
    """What every recipe says; with what its kind adds, everything that decides the weights of a sample model."""

    name: str
    summary: str
    _: KW_ONLY
    seed: int = 0
    epochs: int = 8
    batch_size: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 0.05


@dataclass(frozen=True)
class SmallModelRecipe(TrainingRecipe):
    """A small Transformer that is trained from nothing."""

    _: KW_ONLY
    warmup_epochs: int = 1
    hidden_size: int = 64
    layers: int = 4
    heads: int = 4
    intermediate_size: int = 128

    def settings(self, labels: Sequence[str]) -> dict[str, Any]:
        """What its Transformers configuration has in common with others."""
        return {
            "hidden_size": self.hidden_size,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "intermediate_size": self.intermediate_size,
            "attention_probs_dropout_prob": 0.0,
            **label_settings(labels),
        }

    def rate_factor(self, count: int) -> Callable[[int], float]:
        """The factor of the learning rate after some steps of training on `count` inputs."""
        steps = math.ceil(count / self.batch_size)
        return lambda step: warmup_then_cosine(step / steps, self.warmup_epochs, self.epochs)


class Training:
    """A model whose weights are changed batch by batch, and kept in a checkpoint in `work`.

    `rate_factor` gives the factor of the learning rate after some steps; `parameters` may come in groups with learning
    rates of their own.
    """

    def __init__(
        self,
        recipe: TrainingRecipe,
        model: nn.Module,
        work: Path,
        rate_factor: Callable[[int], float] = lambda step: 1.0,
        parameters: Iterable[dict[str, Any]] | None = None,
    ) -> None:
        self.recipe, self.model = recipe, model
        self.optimizer = torch.optim.AdamW(
            model.parameters() if parameters is None else parameters,
            lr=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, rate_factor)
        parts: dict[str, Stateful] = {"model": model, "optimizer": self.optimizer, "schedule": self.schedule}
        self.checkpoint = Checkpoint(work / f"{recipe.name}.checkpoint.pt", parts, recipe)

    def step(self, loss: Tensor) -> None:
        """Change the weights by the gradient of the loss on one batch."""
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.schedule.step()

    def run_epochs(
        self,
        count: int,
        loss: Callable[[Tensor, torch.Generator], Tensor],
        on_epoch: OnEpoch,
        seeded: Callable[[int], torch.Generator] = lambda seed: torch.Generator().manual_seed(seed),
    ) -> None:
        """Train on `count` inputs for all epochs that are not done yet, with a checkpoint after each.

        `loss` is asked for the loss on the inputs at some indices, int64 `[batch]`, and draws from the epoch's
        generator, which `seeded` makes from the recipe's seed and the number of the epoch: so a resumed run sees the
        same batches as an uninterrupted one. `on_epoch` is told (finished epochs, all epochs).
        """
        first, epochs = self.checkpoint.restore(), self.recipe.epochs
        self.model.train()
        for epoch in range(first, epochs):
            generator = seeded(self.recipe.seed * 1_000 + epoch)
            for index in torch.split(torch.randperm(count, generator=generator), self.recipe.batch_size):
                self.step(loss(index, generator))
            self.checkpoint.keep(epoch + 1)
            on_epoch(epoch + 1, epochs)
        self.model.train(False)


def report_to_nobody(_done: int, _total: int) -> None:
    """Nobody is told how far the training has come."""


def label_settings(labels: Sequence[str]) -> dict[str, Any]:
    """What a Transformers configuration says about the classes."""
    return {"id2label": dict(enumerate(labels)), "label2id": {label: number for number, label in enumerate(labels)}}
