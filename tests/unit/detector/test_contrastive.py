"""The contrastive loss and the prototypes."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize

from atpatch_core.detector.contrastive import SHARPNESS, Prototypes, contrastive_loss


def _embeddings(angles: list[float]) -> Tensor:
    turned = torch.tensor(angles)
    return torch.stack([turned.cos(), turned.sin()], -1)


def test_separate_classes_cost_less_than_mixed_ones() -> None:
    embeddings = _embeddings([0.0, 0.1, 3.0, 3.1])
    separate = contrastive_loss(embeddings, torch.tensor([True, True, False, False]))
    mixed = contrastive_loss(embeddings, torch.tensor([True, False, True, False]))
    assert separate < 0.1 < mixed


def test_three_columns_by_hand() -> None:
    """Two of one class at a right angle to each other, the third opposite to the first: only the pair counts."""
    embeddings = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    first = -torch.log(torch.tensor(1.0) / (1.0 + torch.tensor(-1.0).exp()))  # from the first: pair 0, other -1
    second = -torch.log(torch.tensor(1.0) / 2.0)  # from the second: both at a right angle
    loss = contrastive_loss(embeddings, torch.tensor([True, True, False]), temperature=1.0)
    torch.testing.assert_close(loss, (first + second) / 2)


def test_a_rare_class_weighs_as_much_as_a_common_one() -> None:
    """Tearing two hijacked columns apart costs the more, the fewer benign ones would be torn apart to match it."""
    benign = [3.0 + 0.001 * number for number in range(60)]
    truth = torch.tensor([True, True] + [False] * 60)
    together = contrastive_loss(_embeddings([0.0, 0.0, *benign]), truth)
    apart = contrastive_loss(_embeddings([0.0, 1.5, *benign]), truth)
    assert apart - together > 0.5


def test_nothing_to_compare_costs_nothing_and_still_has_a_gradient() -> None:
    embeddings = _embeddings([0.0, 2.0]).requires_grad_()
    loss = contrastive_loss(embeddings, torch.tensor([True, False]))
    loss.backward()
    assert loss == 0
    assert embeddings.grad is not None
    assert (embeddings.grad == 0).all()


def test_log_odds_never_saturate_and_change_sign_between_the_prototypes() -> None:
    torch.manual_seed(0)
    prototypes = Prototypes(8)
    benign, hijacked = normalize(prototypes.directions.detach(), dim=-1)
    with torch.no_grad():
        at_benign, at_hijacked, between = prototypes.logits(
            torch.stack([benign, hijacked, normalize(benign + hijacked, dim=0)])
        )
        random = prototypes.logits(normalize(torch.randn(1000, 8), dim=-1))
    assert at_benign < 0 < at_hijacked
    torch.testing.assert_close(between, torch.tensor(0.0), atol=1e-6, rtol=0)
    assert random.abs().max() <= 2 * SHARPNESS
