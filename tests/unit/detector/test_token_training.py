"""Training the network for texts: the highest column of each text is what is learnt from."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from atpatch_core.detector.token_training import train_token_network
from atpatch_core.detector.training import DetectorRecipe, LayerExamples

_RECIPE = DetectorRecipe(variant="per-token", epochs=12, batch_size=16, weight_decay=0.05, learning_rate=5e-3)


def _examples(count: int = 60, seed: int = 0) -> LayerExamples:
    """Half of the texts have one column that three heads give nearly everything."""
    generator = torch.Generator().manual_seed(seed)
    keys, heads = 12, 4
    lengths = torch.randint(6, keys + 1, (count,), generator=generator)
    valid = torch.arange(keys)[None] < lengths[:, None]
    scores = torch.randn(count, heads, keys, keys, generator=generator)
    hijacked = torch.zeros(count, heads, keys, dtype=torch.bool)
    for row in range(count // 2, count):
        key = int(torch.randint(2, int(lengths[row]) - 2, (), generator=generator))
        scores[row, 1:, :, key] += 6
        hijacked[row, :, key] = True
    attention = scores.masked_fill(~valid[:, None, None], -torch.inf).softmax(-1)
    return LayerExamples(
        attention, valid, valid, hijacked, torch.zeros_like(hijacked), torch.arange(count) < count // 2
    )


def test_what_is_learnt_holds_for_texts_that_were_not_seen() -> None:
    network = train_token_network(_examples(), _RECIPE)
    fresh = _examples(seed=1)
    with torch.no_grad():
        scores = network(fresh.attention, fresh.key_valid, fresh.query_valid).amax(1)
    highest = scores.amax(-1)
    assert highest[fresh.benign].max() < highest[~fresh.benign].min()
    found = scores[~fresh.benign].argmax(-1)
    assert torch.equal(found, fresh.hijacked[~fresh.benign].any(1).long().argmax(-1))


def test_the_same_seed_gives_the_same_network_and_another_one_another() -> None:
    one, same = (train_token_network(_examples(), replace(_RECIPE, epochs=1)) for _ in range(2))
    other = train_token_network(_examples(), replace(_RECIPE, epochs=1, seed=1))
    for name, value in one.state_dict().items():
        assert torch.equal(value, same.state_dict()[name])
    assert any(not torch.equal(value, other.state_dict()[name]) for name, value in one.state_dict().items())


def test_ignored_columns_teach_nothing() -> None:
    examples = _examples()
    hidden = replace(examples, ignored=examples.hijacked, hijacked=torch.zeros_like(examples.hijacked))
    with pytest.raises(ValueError, match="examples of hijacked"):
        train_token_network(hidden, _RECIPE)


def test_every_epoch_is_told() -> None:
    epochs: list[tuple[int, int]] = []
    seen: list[object] = []
    network = train_token_network(
        _examples(),
        replace(_RECIPE, epochs=3),
        lambda done, total, _loss: epochs.append((done, total)),
        lambda done, total, _loss, one: seen.append(one),
    )
    assert epochs == [(1, 3), (2, 3), (3, 3)]
    assert seen == [network] * 3
