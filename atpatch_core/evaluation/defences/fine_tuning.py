"""Change the model instead: a copy is trained on, on the clean pictures and their labels.

The plain baseline of Liu et al. (Fine-Pruning, RAID 2018, arXiv 1805.12185). It needs labels and new weights, neither
of which AtPatch does.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace

import torch
from torch import nn

from ...subjects.subject import Subject
from .contract import Answers, DefenderData, Suspects
from .untouched import Untouched

_EPOCHS = 10
_BATCH = 64
_LEARNING_RATE = 5e-4
MOST = 1_000


@dataclass(frozen=True)
class FineTuned:
    """Answers what the trained-on copy answers."""

    model: nn.Module = field(repr=False)

    def predict(self, subject: Subject, suspects: Suspects) -> Answers:
        """The copy's answers."""
        return Untouched().predict(replace(subject, model=self.model), suspects)


def fine_tuned(subject: Subject, have: DefenderData) -> FineTuned:
    """Train a copy on at most `MOST` of the clean pictures; the subject's own model stays as it is."""
    values = subject.encode(have.clean.images[:MOST])["pixel_values"]
    labels = torch.from_numpy(have.clean.labels[:MOST])
    model = copy.deepcopy(subject.model).requires_grad_(True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(have.seed)
        optimizer = torch.optim.AdamW(model.parameters(), lr=_LEARNING_RATE)
        model.train(True)
        for _ in range(_EPOCHS):
            for index in torch.split(torch.randperm(len(values)), _BATCH):
                loss = nn.functional.cross_entropy(model(pixel_values=values[index]).logits, labels[index])
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
    return FineTuned(model.train(False).requires_grad_(False))
