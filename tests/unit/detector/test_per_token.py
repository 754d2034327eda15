"""The network for texts: roles instead of positions, any length, and padding that changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from atpatch_core.detector.per_token import ROLES, PerToken, column_roles, mean_role_shares, role_shares
from atpatch_core.detector.storage import load_detector, save_detector
from atpatch_core.detector.trained import TrainedDetector
from atpatch_core.detector.training import DetectorRecipe, LayerExamples, train_network
from atpatch_core.errors import DetectorError

HEADS = 3


def _maps(lengths: list[int], keys: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Maps `[n, heads, keys, keys]` in which the first and the last token draw much, and which tokens are valid."""
    generator = torch.Generator().manual_seed(seed)
    valid = torch.arange(keys)[None] < torch.tensor(lengths)[:, None]
    logits = torch.randn(len(lengths), HEADS, keys, keys, generator=generator)
    for row, length in enumerate(lengths):
        logits[row, :, :, [0, length - 1]] += 2.5
    return logits.masked_fill(~valid[:, None, None, :], float("-inf")).softmax(-1), valid


def _hijack(attention: Tensor, key: int) -> Tensor:
    """The first two heads give most of their attention to one key."""
    hot = attention.clone()
    hot[:, :2] *= 0.3
    hot[:, :2, :, key] += 0.7
    return hot


@pytest.fixture(scope="module")
def network() -> PerToken:
    generator = torch.Generator().manual_seed(1)
    lengths = torch.randint(6, 20, (150,), generator=generator).tolist()
    clean, valid = _maps(lengths, 20, 1)
    places = [int(torch.randint(1, length - 1, (1,), generator=generator)) for length in lengths]
    hot = torch.cat([_hijack(clean[row : row + 1], key) for row, key in enumerate(places)])
    hijacked = torch.zeros(300, HEADS, 20, dtype=torch.bool)
    for row, key in enumerate(places):
        hijacked[150 + row, :2, key] = True
    both = torch.cat([valid, valid])
    examples = LayerExamples(
        torch.cat([clean, hot]), both, both, hijacked, torch.zeros_like(hijacked), torch.arange(300) < 150
    )
    trained = train_network(examples, DetectorRecipe(variant="per-token", epochs=8, batch_size=32))
    assert isinstance(trained, PerToken)
    return trained


def test_roles_count_from_both_ends_and_leave_padding_out() -> None:
    valid = torch.tensor([[1, 1, 1, 1, 1, 0], [1, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]], dtype=torch.bool)
    assert column_roles(valid).tolist() == [[0, 3, 3, 2, 1, 4], [0, 1, 4, 4, 4, 4], [0, 4, 4, 4, 4, 4]]


def test_a_hijacked_word_is_found_in_texts_of_lengths_never_seen(network: PerToken) -> None:
    for length in (5, 12, 60):
        clean, valid = _maps([length] * 20, length, 7)
        with torch.no_grad():
            assert float(network(clean, valid, valid).max()) < 0.5
            scores = network(_hijack(clean, 2), valid, valid)
        assert scores.shape == (20, HEADS, length)
        assert float((scores[:, :, 2] > 0.5).float().mean()) == 1.0
        assert (scores.argmax(-1) == 2).all()


def test_padding_changes_no_score(network: PerToken) -> None:
    clean, valid = _maps([9], 9, 3)
    wider = torch.zeros(1, HEADS, 14, 14)
    wider[:, :, :9, :9] = _hijack(clean, 4)
    wider[:, :, 9:, 2] = 1.0  # whatever rows of padding attend to
    longer = torch.arange(14)[None] < 9
    with torch.no_grad():
        assert torch.allclose(
            network(wider, longer, longer)[..., :9], network(_hijack(clean, 4), valid, valid), atol=1e-5
        )
        assert not network(wider, longer, longer)[..., 9:].any()


def test_benign_shares_of_roles_follow_the_length() -> None:
    attention, valid = _maps([8, 12, 16], 16)
    means = mean_role_shares(attention, valid, valid)
    assert means.shape == (HEADS, 1, len(ROLES))
    shares = role_shares(means, valid)
    assert shares.shape == (3, HEADS, 1, 16)
    assert torch.allclose(shares[0, :, 0, 3] * 8, shares[2, :, 0, 3] * 16)
    assert (shares[:, :, 0, 0] > 2 * shares[:, :, 0, 3]).all()
    assert float(shares.max()) <= 1.0


def test_a_detector_for_any_length_is_stored_and_loaded(network: PerToken, tmp_path: Path) -> None:
    attention, valid = _maps([8, 12], 12)
    detector = TrainedDetector(
        "per-token",
        {1: network},
        (mean_role_shares(attention, valid, valid).half().float(),) * 2,
        "mean",
        0.6,
        (1,),
        "weights",
    )
    save_detector(detector, tmp_path)
    loaded = load_detector(tmp_path)
    assert loaded.any_length
    assert torch.equal(loaded.score(1, attention, valid, valid), detector.score(1, attention, valid, valid))
    assert torch.equal(loaded.benign(1, attention, valid), detector.benign(1, attention, valid))
    with pytest.raises(DetectorError, match="3 heads"):
        loaded.score(1, attention[:, :2], valid, valid)
