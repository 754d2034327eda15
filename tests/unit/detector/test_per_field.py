"""The network for records tells the same column apart by the rest of the layer."""

from __future__ import annotations

import torch
from torch import Tensor

from atpatch_core.detector.training import DetectorRecipe, LayerExamples, train_network

HEADS, KEYS, HIJACKABLE = 2, 5, 3


def _maps(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Maps in which column 3 always draws much; it is hijacked where column 1 draws more than column 2."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(count, HEADS, KEYS, KEYS, generator=generator) * 0.1
    logits[..., HIJACKABLE] += 2
    hijacked = torch.rand(count, generator=generator) < 0.5
    logits[..., 1] += torch.where(hijacked, 1.0, 0.0)[:, None, None]
    logits[..., 2] += torch.where(hijacked, 0.0, 1.0)[:, None, None]
    return logits.softmax(-1), hijacked


def _examples(count: int, seed: int) -> LayerExamples:
    attention, bad = _maps(count, seed)
    hijacked = torch.zeros(count, HEADS, KEYS, dtype=torch.bool)
    hijacked[bad, :, HIJACKABLE] = True
    valid = torch.ones(count, KEYS, dtype=torch.bool)
    return LayerExamples(attention, valid, valid, hijacked, torch.zeros_like(hijacked), ~bad)


def test_it_learns_when_a_column_hijacks_and_leaves_the_other_columns_alone() -> None:
    network = train_network(_examples(400, 0), DetectorRecipe(variant="per-field", epochs=15, batch_size=64))
    attention, bad = _maps(200, 1)
    valid = torch.ones(200, KEYS, dtype=torch.bool)
    with torch.no_grad():
        scores = network(attention, valid, valid)
    assert scores.shape == (200, HEADS, KEYS)
    assert bool((scores[bad][:, :, HIJACKABLE] > 0.5).all())
    assert bool((scores[~bad][:, :, HIJACKABLE] < 0.5).all())
    others = [key for key in range(KEYS) if key != HIJACKABLE]
    assert bool((scores[:, :, others] < 0.5).all())


def test_the_same_seed_gives_the_same_network() -> None:
    recipe = DetectorRecipe(variant="per-field", epochs=2)
    first, second = (train_network(_examples(60, 0), recipe).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
