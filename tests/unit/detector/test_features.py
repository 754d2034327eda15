"""Column features: by hand, and independent of padding and of the length of the input."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from atpatch_core.detector.features import FEATURES, column_features


def _maps(batch: int = 2, heads: int = 3, length: int = 6, seed: int = 0) -> Tensor:
    return torch.randn(batch, heads, length, length, generator=torch.Generator().manual_seed(seed)).mul(2).softmax(-1)


def _all(batch: int, length: int) -> Tensor:
    return torch.ones(batch, length, dtype=torch.bool)


def _features(attention: Tensor) -> Tensor:
    valid = _all(len(attention), attention.shape[-1])
    return column_features(attention, valid, valid)


def test_two_by_two_by_hand() -> None:
    one = _features(torch.tensor([[[[0.9, 0.1], [0.5, 0.5]]]]))[0, 0]
    expected = {
        "mean": [0.7, 0.3],
        "peak": [0.9, 0.5],
        "readout": [0.9, 0.1],
        "self": [0.9, 0.5],
    }
    for name, shares in expected.items():
        logs = torch.tensor([math.log(2 * share + 0.01) for share in shares])
        torch.testing.assert_close(one[:, FEATURES.index(name)], logs)
    torch.testing.assert_close(one[:, FEATURES.index("spread")], torch.tensor([0.2 / 0.705, 0.2 / 0.305]))
    lead = math.log(1.41) - math.log(0.61)
    torch.testing.assert_close(one[:, FEATURES.index("mean-lead")], torch.tensor([lead, -lead]))
    assert one[:, FEATURES.index("breadth")].tolist() == [0.0, 0.0]


def test_a_column_that_everyone_looks_at_is_broad_and_leads() -> None:
    attention = torch.full((1, 2, 10, 10), 0.1)
    attention[0, 1] = 0.05
    attention[0, 1, :, 4] = 0.55
    features = _features(attention)[0]
    assert features[1, 4, FEATURES.index("breadth")] == 1.0
    assert features[0, :, FEATURES.index("breadth")].max() == 0.0
    for name in ("mean-lead", "readout-lead", "mean-across-heads", "readout-across-heads"):
        values = features[..., FEATURES.index(name)]
        assert values.flatten().argmax() == 14
        assert values[1, 4] > 0.8


@pytest.mark.parametrize("length", [2, 7, 50])
def test_uniform_attention_looks_the_same_at_any_length(length: int) -> None:
    uniform = _features(torch.full((1, 2, length, length), 1 / length))
    torch.testing.assert_close(uniform, _features(torch.full((1, 2, 3, 3), 1 / 3))[:, :, :1].expand_as(uniform))


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_is_zero_and_changes_no_other_column(side: str) -> None:
    attention = _maps()
    attention[:, :, 0], extra = attention[:, :, 0], 3
    plain = _features(attention)
    pad = (0, extra, 0, extra) if side == "right" else (extra, 0, extra, 0)
    # What padded queries attend to is noise, and must not count.
    padded = torch.nn.functional.pad(attention, pad, value=0.0)
    valid = torch.nn.functional.pad(_all(2, 6), pad[:2], value=False)
    padded = torch.where(valid[:, None, :, None], padded, torch.rand_like(padded) * valid[:, None, None])
    features = column_features(padded, valid, valid)
    assert (features[:, :, ~valid[0]] == 0).all()
    kept = [index for index, name in enumerate(FEATURES) if "readout" not in name or side == "right"]
    torch.testing.assert_close(features[:, :, valid[0]][..., kept], plain[..., kept])


def test_a_single_column_has_features_too() -> None:
    assert torch.isfinite(_features(torch.ones(1, 1, 1, 1))).all()


def test_half_precision_is_measured_in_float32() -> None:
    attention = _maps()
    half = _features(attention.half())
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, _features(attention), atol=0.02, rtol=0.02)
