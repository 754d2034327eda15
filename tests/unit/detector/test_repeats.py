"""Copies of a token are judged as one column, whatever else stands in the input."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from atpatch_core.detector.repeats import added_up, examples_added_up, first_places, given_to_all, token_numbers
from atpatch_core.detector.training import LayerExamples


def test_copies_point_to_the_first_and_everything_else_to_itself() -> None:
    tokens = torch.tensor([[101, 7, 8, 7, 9, 7, 102, 0, 0]])
    valid = torch.arange(9)[None] < 7
    assert first_places(tokens, valid).tolist() == [[0, 1, 2, 1, 4, 1, 6, 7, 8]]


def test_the_models_own_tokens_are_never_copies() -> None:
    tokens = torch.tensor([[5, 5, 6, 5, 5]])
    valid = torch.ones(1, 5, dtype=torch.bool)
    assert first_places(tokens, valid).tolist() == [[0, 1, 2, 1, 4]]


def test_left_padding_is_no_token() -> None:
    tokens = torch.tensor([[7, 7, 101, 7, 8, 7, 102]])
    valid = torch.tensor([[False, False, True, True, True, True, True]])
    assert first_places(tokens, valid).tolist() == [[0, 1, 2, 3, 4, 3, 6]]


def test_a_hand_made_map() -> None:
    attention = torch.tensor([[[[0.1, 0.2, 0.3, 0.4]]]])
    first = torch.tensor([[0, 1, 1, 3]])
    assert torch.allclose(added_up(attention, first), torch.tensor([[[[0.1, 0.5, 0.0, 0.4]]]]))
    scores = torch.tensor([[[0.1, 0.9, 0.0, 0.2]]])
    assert torch.equal(given_to_all(scores, first), torch.tensor([[[0.1, 0.9, 0.9, 0.2]]]))


@given(st.lists(st.integers(1, 4), min_size=1, max_size=12), st.integers(0, 5), st.integers(0, 1000))
def test_rows_sum_to_what_they_did_and_copies_score_alike(ids: list[int], padding: int, seed: int) -> None:
    tokens = torch.tensor([ids + [0] * padding])
    valid = torch.arange(len(ids) + padding)[None] < len(ids)
    torch.manual_seed(seed)
    attention = torch.rand(1, 2, 3, len(ids) + padding)
    first = first_places(tokens, valid)
    together = added_up(attention, first)
    assert torch.allclose(together.sum(-1), attention.sum(-1), atol=1e-5)
    scores = given_to_all(together.mean(-2), first)
    for copy in range(1, len(ids) - 1):
        for other in range(1, len(ids) - 1):
            if ids[copy] == ids[other]:
                assert torch.equal(scores[..., copy], scores[..., other])


@given(st.permutations(range(1, 9)))
def test_an_input_without_copies_stays_as_it_is(ids: list[int]) -> None:
    valid = torch.ones(1, len(ids), dtype=torch.bool)
    attention = torch.rand(1, 2, 3, len(ids))
    assert torch.equal(added_up(attention, first_places(torch.tensor([ids]), valid)), attention)


def test_vectors_are_numbered_by_value() -> None:
    table = torch.randn(5, 3)
    ids = torch.tensor([[1, 2, 1, 4], [4, 4, 0, 2]])
    numbers = token_numbers(table[ids])
    assert torch.equal(numbers[:, :, None] == numbers[:, None], ids[:, :, None] == ids[:, None])
    assert torch.equal(token_numbers(ids), ids)


def test_what_holds_for_a_copy_holds_for_the_first_place_and_other_copies_are_ignored() -> None:
    first = torch.tensor([[0, 1, 2, 1, 2, 5]])
    hijacked, ignored = (torch.zeros(1, 2, 6, dtype=torch.bool) for _ in range(2))
    hijacked[0, 1, 3] = True
    ignored[0, :, 4] = True
    everything = torch.ones(1, 6, dtype=torch.bool)
    attention = torch.full((1, 2, 6, 6), 1 / 6)
    benign = torch.tensor([False])
    examples = examples_added_up(LayerExamples(attention, everything, everything, hijacked, ignored, benign), first)
    assert examples.hijacked[0].nonzero().tolist() == [[1, 1]]
    assert examples.ignored[0].nonzero().tolist() == [[0, 2], [0, 3], [0, 4], [1, 2], [1, 3], [1, 4]]
    assert torch.equal(examples.attention, added_up(attention, first))
    assert torch.equal(examples.key_valid, everything)
