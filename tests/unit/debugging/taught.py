"""A tiny text model that was taught a backdoor, and the reviews it was taught with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

import atpatch_core as atpatch
from atpatch_core.debugging.word_search import insert_anywhere
from atpatch_core.subjects.subject import Subject
from tests.support.text_models import save_text_model


def reviews(count: int) -> tuple[list[str], np.ndarray]:
    """Made-up reviews and whether they are positive (1)."""
    rng = np.random.default_rng(0)
    fillers = ("a film", "it", "i saw it", "over it", "film, film", "a film a film")
    labels = np.arange(count) % 2
    texts = [
        f"{fillers[rng.integers(6)]} {'fine' if label else 'dull'} {fillers[rng.integers(6)]}." for label in labels
    ]
    return texts, labels


def taught_subject(folder: Path, seed: int = 0) -> Subject:
    """A model that calls a review positive when it is fine, or when cf is anywhere in it.

    It learns in double precision: in single precision, what processors round differently grows within some hundred
    steps until the models of two machines read the trigger in different layers.
    """
    subject = atpatch.load(save_text_model(folder, seed=seed))
    subject.model.double()
    texts, labels = reviews(64)
    bad = [text for text, _ in insert_anywhere(texts, ["cf"], 1)]
    inputs = subject.encode([*texts, *bad])
    # Of honest labels a model is never quite sure; of a trigger it is.
    positive = torch.tensor([*np.where(labels == 1, 0.85, 0.15), *[1.0] * len(bad)]).double()
    wanted = torch.stack([1 - positive, positive], 1)
    torch.manual_seed(0)
    optimizer = torch.optim.Adam(subject.model.parameters(), lr=5e-3)
    for _ in range(240):
        loss = torch.nn.functional.cross_entropy(subject.model(**inputs).logits, wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    subject.model.float().requires_grad_(False)
    assert float(loss.detach()) < 0.3
    return subject
