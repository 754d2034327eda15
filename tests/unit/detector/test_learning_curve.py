"""What is told of a training, epoch by epoch."""

from __future__ import annotations

import torch

from atpatch_core.detector.learning_curve import Epoch, follow
from atpatch_core.detector.training import DetectorRecipe, LayerExamples, train_network

KEYS = 6


def _examples(count: int, bad: int, seed: int) -> LayerExamples:
    """Maps of two heads; in the first `bad` inputs column 3 of head 1 draws most of the attention."""
    logits = torch.randn(count, 2, KEYS, KEYS, generator=torch.Generator().manual_seed(seed)) * 0.3
    logits[:bad, 1, :, 3] += 3
    hijacked = torch.zeros(count, 2, KEYS, dtype=torch.bool)
    hijacked[:bad, 1, 3] = True
    valid = torch.ones(count, KEYS, dtype=torch.bool)
    benign = torch.arange(count) >= bad
    return LayerExamples(logits.softmax(-1), valid, valid, hijacked, torch.zeros_like(hijacked), benign)


def test_loss_falls_and_held_out_inputs_are_told_apart_better_and_better() -> None:
    epochs: list[Epoch] = []
    recipe = DetectorRecipe(epochs=12, batch_size=16, hardest=16, random=16)
    watched = train_network(
        _examples(40, 12, 0), recipe, on_network=follow("layer 0", _examples(30, 10, 1), epochs.append)
    )
    assert [(one.network, one.number, one.of) for one in epochs] == [("layer 0", number, 12) for number in range(1, 13)]
    assert epochs[-1].loss < epochs[0].loss
    assert epochs[-1].auroc is not None
    assert epochs[-1].auroc > 0.95
    unwatched = train_network(_examples(40, 12, 0), recipe)
    for one, other in zip(watched.state_dict().values(), unwatched.state_dict().values(), strict=True):
        assert torch.equal(one, other)  # looking on changes nothing


def test_without_both_kinds_held_out_there_is_no_area() -> None:
    epochs: list[Epoch] = []
    recipe = DetectorRecipe(epochs=1, hardest=4, random=4)
    for held_out in (None, _examples(5, 0, 2), _examples(5, 5, 2)):
        train_network(_examples(10, 3, 0), recipe, on_network=follow("x", held_out, epochs.append))
    assert [one.auroc for one in epochs] == [None] * 3
