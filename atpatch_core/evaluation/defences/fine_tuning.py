"""Change the model instead: a copy is trained on, on the clean images and their labels.

The plain baseline of Liu et al. (Fine-Pruning, RAID 2018, arXiv 1805.12185). It needs labels and new weights, neither
of which AtPatch does.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from ...subjects.subject import Subject
from .contract import Answers, DefenderData, Suspects
from .untouched import Untouched

# How hard to train: more unlearns more of the backdoor, and more of what a thousand images don't show. No
# measurement is kept.
_EPOCHS = 10
_BATCH = 64
_LEARNING_RATE = 5e-4
MOST = 1_000  # images


@dataclass(frozen=True)
class FineTuned:
    """Answers what the trained-on copy answers."""

    model: nn.Module = field(repr=False)

    def predict(self, subject: Subject, suspects: Suspects) -> Answers:
        """The copy's answers."""
        return Untouched().predict(replace(subject, model=self.model), suspects)


def fine_tuned(subject: Subject, have: DefenderData) -> FineTuned:
    """Train a copy on at most `MOST` of the clean images; the subject's own model stays as it is."""
    values = subject.encode(have.clean.inputs[:MOST])["pixel_values"]
    labels = torch.from_numpy(have.clean.labels[:MOST])
    return FineTuned(
        trained_on(subject.model, lambda index: {"pixel_values": values[index]}, labels, have.seed, _EPOCHS)
    )


def trained_on(
    model: nn.Module, batch: Callable[[Tensor], Mapping[str, Any]], labels: Tensor, seed: int, epochs: int
) -> nn.Module:
    """A copy of a model that was trained on for some epochs, frozen; the model itself stays as it is.

    Args:
        model: a Transformers model for classification.
        batch: makes the model's inputs out of places in `labels` (int64 `[size]`); it may draw at random.
        labels: true classes, int64 `[n]`.
        seed: where all randomness comes from.
        epochs: how often all inputs are seen.
    """
    copied = copy.deepcopy(model).requires_grad_(True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        optimizer = torch.optim.AdamW(copied.parameters(), lr=_LEARNING_RATE)
        copied.train(True)
        for _ in range(epochs):
            for index in torch.split(torch.randperm(len(labels)), _BATCH):
                loss = nn.functional.cross_entropy(copied(**batch(index)).logits, labels[index])
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
    return copied.train(False).requires_grad_(False)
