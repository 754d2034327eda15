"""Training one layer's network on synthetic hijacked columns."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from atpatch_core.detector.networks import NETWORKS
from atpatch_core.detector.training import DetectorRecipe, LayerExamples, joined, train_network

_HEADS, _KEYS = 2, 9
_RECIPE = DetectorRecipe(epochs=15, batch_size=32)


def _examples(count: int = 200, seed: int = 0) -> LayerExamples:
    """Random maps; in the second half most queries of head 1 look at one random key."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(2 * count, _HEADS, _KEYS, _KEYS, generator=generator)
    hijacked = torch.zeros(2 * count, _HEADS, _KEYS, dtype=torch.bool)
    keys = torch.randint(_KEYS, (count,), generator=generator)
    hijacked[torch.arange(count, 2 * count), 1, keys] = True
    logits = logits + 4.0 * hijacked[:, :, None, :]
    valid = torch.ones(2 * count, _KEYS, dtype=torch.bool)
    return LayerExamples(
        logits.softmax(-1), valid, valid, hijacked, torch.zeros_like(hijacked), torch.arange(2 * count) < count
    )


@pytest.mark.parametrize("variant", NETWORKS)
def test_hijacked_columns_of_unseen_inputs_score_above_all_benign_ones(variant: str) -> None:
    network = train_network(_examples(), replace(_RECIPE, variant=variant))
    unseen = _examples(seed=1)
    with torch.no_grad():
        scores = network(unseen.attention, unseen.key_valid, unseen.query_valid)
    truth = network.truth(unseen.hijacked).expand_as(scores)
    assert scores[truth].median() > 0.9
    assert scores[~truth].quantile(0.99) < 0.5


def test_the_same_seed_gives_the_same_network_and_leaves_the_random_state_alone() -> None:
    torch.manual_seed(7)
    state = torch.get_rng_state()
    first, again = train_network(_examples(40), _RECIPE), train_network(_examples(40), _RECIPE)
    other = train_network(_examples(40), replace(_RECIPE, seed=1))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in first.state_dict().items())
    assert any(not torch.equal(value, other.state_dict()[name]) for name, value in first.state_dict().items())


def test_the_network_is_ready_for_use_and_rounded_as_it_will_be_stored() -> None:
    network = train_network(_examples(40), replace(_RECIPE, epochs=1))
    assert not network.training
    assert all(torch.equal(value.half().float(), value) for value in network.state_dict().values())


def test_without_the_contrastive_loss_another_network_is_learnt() -> None:
    recipe = replace(_RECIPE, epochs=2)
    with_it, without = (train_network(_examples(40), replace(recipe, contrast=weight)) for weight in (1.0, 0.0))
    assert torch.equal(
        train_network(_examples(40), recipe).state_dict()["mlp.0.weight"], with_it.state_dict()["mlp.0.weight"]
    )
    assert not torch.equal(with_it.state_dict()["mlp.0.weight"], without.state_dict()["mlp.0.weight"])


def test_progress_is_told_after_each_epoch() -> None:
    epochs: list[tuple[int, int]] = []
    train_network(_examples(20), replace(_RECIPE, epochs=3), lambda done, total, loss: epochs.append((done, total)))
    assert epochs == [(1, 3), (2, 3), (3, 3)]


def test_without_a_hijacked_column_there_is_nothing_to_learn() -> None:
    examples = _examples(20)
    with pytest.raises(ValueError, match="hijacked"):
        train_network(replace(examples, hijacked=torch.zeros_like(examples.hijacked)), _RECIPE)


def test_examples_are_joined_and_smaller_maps_are_padded() -> None:
    small, large = _examples(3), _examples(5, seed=1)
    larger = LayerExamples(
        torch.nn.functional.pad(large.attention, (0, 2, 0, 2), value=0.5),
        torch.nn.functional.pad(large.key_valid, (0, 2), value=True),
        torch.nn.functional.pad(large.query_valid, (0, 2), value=True),
        torch.nn.functional.pad(large.hijacked, (0, 2), value=True),
        torch.nn.functional.pad(large.ignored, (0, 2), value=True),
        large.benign,
    )
    both, turned = joined(small, larger), joined(larger, small)
    for name in vars(small):
        first, second = getattr(both, name), getattr(turned, name)
        assert torch.equal(first[6:], getattr(larger, name))
        assert torch.equal(torch.cat([first[6:], first[:6]]), second)
    assert torch.equal(both.attention[:6, :, :_KEYS, :_KEYS], small.attention)
    assert torch.equal(both.hijacked[:6, :, :_KEYS], small.hijacked)
    assert not both.attention[:6, :, _KEYS:].any()
    assert not both.attention[:6, :, :, _KEYS:].any()
    assert not any(
        one[:6, ..., _KEYS:].any() for one in (both.key_valid, both.query_valid, both.hijacked, both.ignored)
    )
    same = joined(small, large)
    assert all(torch.equal(vars(same)[name][:6], value) for name, value in vars(small).items())
