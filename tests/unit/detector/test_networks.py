"""Both networks: scores of the right shape and range, padding 0, heads apart or together."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from atpatch_core.detector.networks import EMBEDDING, NETWORKS, HeadMean, PerHead

_HEADS, _KEYS = 3, 8


def _maps(batch: int = 5) -> Tensor:
    torch.manual_seed(1)
    return torch.randn(batch, _HEADS, _KEYS, _KEYS).mul(2).softmax(-1)


def _valid(batch: int, length: int = _KEYS) -> Tensor:
    return (torch.arange(_KEYS) < length).expand(batch, _KEYS)


def _network(variant: str) -> PerHead | HeadMean:
    torch.manual_seed(0)
    return NETWORKS[variant](_HEADS, _KEYS)


@pytest.mark.parametrize("variant", NETWORKS)
def test_scores_are_shares_and_padding_scores_nothing(variant: str) -> None:
    valid = _valid(5, 6)
    scores = _network(variant)(_maps(), valid, valid)
    assert scores.shape == (5, _HEADS, _KEYS)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert (scores[:, :, 6:] == 0).all()
    assert (scores[:, :, :6] > 0).all()


@pytest.mark.parametrize("variant", NETWORKS)
def test_embeddings_are_unit_vectors(variant: str) -> None:
    network = _network(variant)
    embedded = network.embed(network.prepare(_maps(), _valid(5), _valid(5)))
    assert embedded.shape == (5, _HEADS if variant == "per-head" else 1, _KEYS, EMBEDDING)
    torch.testing.assert_close(embedded.norm(dim=-1), torch.ones(embedded.shape[:-1]))


@pytest.mark.parametrize("variant", NETWORKS)
def test_inputs_of_a_batch_do_not_influence_each_other(variant: str) -> None:
    network = _network(variant)
    maps = _maps()
    together = network(maps, _valid(5), _valid(5))
    torch.testing.assert_close(network(maps[2:3], _valid(1), _valid(1)), together[2:3], atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("variant", NETWORKS)
def test_what_is_benign_is_learned_per_place(variant: str) -> None:
    network = _network(variant)
    prepared = network.prepare(_maps(50), _valid(50), _valid(50))
    network.fit_benign(prepared)
    torch.testing.assert_close(network.mean, prepared.mean(0))
    torch.testing.assert_close(network.deviation, prepared.std(0).clamp(min=1e-3), atol=0.01, rtol=0)


@pytest.mark.parametrize("variant", NETWORKS)
def test_benign_maps_that_never_vary_still_give_finite_scores(variant: str) -> None:
    network = _network(variant)
    same = _maps(1).expand(9, -1, -1, -1)
    network.fit_benign(network.prepare(same, _valid(9), _valid(9)))
    assert torch.isfinite(network(_maps(), _valid(5), _valid(5))).all()


def test_the_paper_variant_cannot_tell_heads_apart_and_the_other_one_can() -> None:
    maps = _maps()
    paper, per_head = (_network(variant)(maps, _valid(5), _valid(5)) for variant in ("paper", "per-head"))
    assert (paper == paper[:, :1]).all()
    assert not torch.allclose(per_head, per_head[:, :1].expand_as(per_head))


def test_labels_in_the_shape_of_the_answers() -> None:
    hijacked = torch.zeros(1, _HEADS, _KEYS, dtype=torch.bool)
    hijacked[0, 1, 4] = True
    assert torch.equal(_network("per-head").truth(hijacked), hijacked)
    assert _network("paper").truth(hijacked).tolist() == [[[key == 4 for key in range(_KEYS)]]]
