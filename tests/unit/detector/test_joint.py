"""One score for a column from all watched layers: their mean log-odds."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from atpatch_core.detector.joint import joint_scores

_SHARE = st.floats(0.01, 0.99)


@given(st.lists(_SHARE, min_size=1, max_size=4))
def test_layers_that_agree_say_what_each_of_them_says(shares: list[float]) -> None:
    scores = torch.tensor([[shares]])
    assert torch.allclose(joint_scores([scores, scores, scores]), scores[:, 0], atol=1e-5)


def test_weak_evidence_in_every_layer_outweighs_strong_evidence_in_one() -> None:
    everywhere, once, doubtful = 0.8, 0.95, 0.1
    layers = [torch.tensor([[[everywhere, once]]]), *[torch.tensor([[[everywhere, doubtful]]])] * 2]
    joint = joint_scores(layers)[0]
    assert joint[0] > 0.5 > joint[1]


def test_the_head_that_scores_highest_speaks_for_its_layer() -> None:
    heads = torch.tensor([[[0.2, 0.9], [0.7, 0.1]]])
    assert torch.allclose(joint_scores([heads]), torch.tensor([[0.7, 0.9]]))


def test_padding_stays_at_zero_and_certainty_stays_finite() -> None:
    joint = joint_scores([torch.tensor([[[0.0, 1.0, 1.0]]]), torch.tensor([[[0.0, 1.0, 0.0]]])])[0]
    assert joint[0] == 0
    assert joint[1] > 0.99
    assert 0.4 < joint[2] < 0.6, "two layers that are sure of opposites leave it open"
