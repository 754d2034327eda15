"""Which columns around a flagged one carry the hijack: the shortest run that alone keeps the model as sure."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from atpatch_core.detector.known import Carried
from atpatch_core.detector.reach import Budget, Reach, trigger_columns
from atpatch_core.detector.reference import benign_reference

_REACH = Reach((0, 1), longest=5, as_sure=0.2, margin=0)


def _ample() -> Budget:
    """More than any search here takes."""
    return Budget([1_000] * 3)


class _Asked:
    """A model that is sure of class 1 as long as all columns of `phrase` can be seen; counts how often it is asked."""

    def __init__(self, phrase: set[int]) -> None:
        self.phrase, self.asked = phrase, 0

    def __call__(self, rows: Tensor, shut_out: Tensor) -> Tensor:
        self.asked += len(rows)
        seen = torch.tensor([not self.phrase & set(one.nonzero().flatten().tolist()) for one in shut_out])
        return torch.stack([torch.zeros(len(rows)), torch.where(seen, 4.0, -1.0)], 1)


def _carried(phrase: set[int], seed: int, keys: int = 12, reach: Reach = _REACH, padding: int = 0) -> set[int]:
    scores = torch.zeros(1, keys + padding)
    scores[0, seed] = 0.9
    valid = torch.arange(keys + padding)[None] < keys
    repaired = torch.zeros_like(valid)
    found = trigger_columns(
        scores, scores > 0.5, valid, repaired, torch.tensor([[0.0, 4.0]]), _Asked(phrase), reach, _ample()
    )
    return set(found[0].nonzero().flatten().tolist())


def test_a_single_word_stays_a_single_word() -> None:
    assert _carried({4}, 4) == {4}


def test_a_phrase_is_followed_to_both_sides_and_no_further() -> None:
    assert _carried({3, 4, 5, 6}, 5) == {3, 4, 5, 6}
    assert _carried({3, 4, 5, 6}, 3, padding=5) == {3, 4, 5, 6}


def test_a_margin_is_added_to_runs_but_not_to_single_words_or_the_models_own_tokens() -> None:
    reach = Reach((0,), longest=5, margin=2)
    assert _carried({4}, 4, reach=reach) == {4}
    assert _carried({5, 6}, 5, reach=reach) == {3, 4, 5, 6, 7, 8}
    assert _carried({1, 2}, 2, reach=reach) == {1, 2, 3, 4}
    assert _carried({9, 10}, 10, reach=reach) == {7, 8, 9, 10}


def test_every_copy_of_a_phrase_is_followed_from_its_own_flag() -> None:
    scores = torch.zeros(1, 14)
    scores[0, [3, 9]] = 0.9
    valid = torch.ones(1, 14, dtype=torch.bool)

    def either(rows: Tensor, shut_out: Tensor) -> Tensor:
        phrases = [{2, 3, 4}, {8, 9, 10}]
        shut = [set(one.nonzero().flatten().tolist()) for one in shut_out]
        sure = [4.0 if any(not phrase & one for phrase in phrases) else -1.0 for one in shut]
        return torch.stack([torch.zeros(len(rows)), torch.tensor(sure)], 1)

    found = trigger_columns(scores, scores > 0.5, valid, ~valid, torch.tensor([[0.0, 4.0]]), either, _REACH, _ample())
    assert set(found[0].nonzero().flatten().tolist()) == {2, 3, 4, 8, 9, 10}


def test_what_no_run_explains_is_repaired_where_it_is_flagged() -> None:
    assert _carried({1, 10}, 5) == {5}


def test_the_models_own_tokens_are_repaired_but_not_followed() -> None:
    assert _carried({0}, 0) == {0}


def test_only_flagged_inputs_are_asked_about() -> None:
    asked = _Asked({2})
    scores = torch.zeros(3, 8)
    scores[1, 2] = 1.0
    valid = torch.ones(3, 8, dtype=torch.bool)
    found = trigger_columns(
        scores, scores > 0.5, valid, ~valid, torch.tensor([[0.0, 4.0]] * 3), asked, _REACH, _ample()
    )
    assert asked.asked == 1
    assert torch.equal(found, scores > 0.5)


def test_a_search_costs_no_more_than_its_budget_and_says_that_it_ended_early() -> None:
    asked, budget = _Asked({3, 4, 5}), Budget([5])
    scores = torch.zeros(1, 12)
    scores[0, 4] = 0.9
    valid = torch.ones(1, 12, dtype=torch.bool)
    found = trigger_columns(scores, scores > 0.5, valid, ~valid, torch.tensor([[0.0, 4.0]]), asked, _REACH, budget)
    assert torch.equal(found, scores > 0.5), "what is flagged is repaired all the same"
    assert asked.asked == budget.spent[0] == 3, (
        "runs of one and of two, no part of those of three, and one kept for the answer"
    )
    assert budget.ended_early == [True]


def test_a_small_budget_goes_to_the_highest_scores_and_to_each_input_alone() -> None:
    scores = torch.zeros(2, 12)
    scores[0, 2], scores[0, 5], scores[0, 8] = 0.7, 0.9, 0.8
    scores[1, 5] = 0.9
    valid = torch.ones(2, 12, dtype=torch.bool)
    seen: list[Tensor] = []

    def probe(rows: Tensor, shut_out: Tensor) -> Tensor:
        seen.append(torch.cat([rows[:, None], (~shut_out[:, 1:-1]).nonzero()[:, 1:] + 1], 1))
        return torch.tensor([[0.0, 4.0]]).expand(len(rows), -1)

    budget = Budget([3, 2])
    trigger_columns(scores, scores > 0.5, valid, ~valid, torch.tensor([[0.0, 4.0]] * 2), probe, _REACH, budget)
    assert torch.cat(seen).tolist() == [[0, 5], [0, 8], [1, 5]]
    assert budget.ended_early == [True, False]


def test_what_has_nothing_left_is_not_looked_at_again() -> None:
    budget = Budget([2, 3, 1])
    budget.spend_on_answers(torch.tensor([True, True, True]))
    assert budget.spend(1, 1)
    assert budget.worth_another_look(torch.tensor([True, True, False])).tolist() == [True, True, False]
    budget.spend_on_answers(torch.tensor([True, True, False]))
    assert budget.worth_another_look(torch.tensor([True, True, True])).tolist() == [False, False, False]
    assert budget.ended_early == [True, True, True]
    assert budget.spent == budget.most


def test_the_budget_shrinks_with_the_square_of_the_length_so_that_the_time_does_not_grow() -> None:
    lengths = torch.tensor([10, 40, 80, 160, 512])
    valid = torch.arange(512)[None] < lengths[:, None]
    most = Budget.for_inputs(valid).most
    assert most == sorted(most, reverse=True)
    assert most[-1] >= 1
    assert all(forwards * length**2 <= 2_200_000 for forwards, length in zip(most, lengths.tolist(), strict=True))
    phrase = sum(range(1, 9))
    assert most[0] == most[2] == 300 > 8 * phrase


def test_what_is_repaired_already_is_shut_out_in_every_trial_and_part_of_no_run() -> None:
    scores = torch.zeros(1, 10)
    scores[0, 4] = 0.9
    valid = torch.ones(1, 10, dtype=torch.bool)
    repaired = torch.zeros_like(valid)
    repaired[0, 5] = True
    shut: list[Tensor] = []

    def probe(rows: Tensor, shut_out: Tensor) -> Tensor:
        shut.append(shut_out)
        return torch.tensor([[0.0, -1.0]]).expand(len(rows), -1)

    found = trigger_columns(scores, scores > 0.5, valid, repaired, torch.tensor([[0.0, 4.0]]), probe, _REACH, _ample())
    assert set(found[0].nonzero().flatten().tolist()) == {4}
    assert torch.cat(shut)[:, 5].all()


def test_carried_columns_are_flagged_in_every_head_of_the_layers_in_reach() -> None:
    class _Zero:
        threshold, watched, layers = 0.7, (1,), 2
        score: Callable[..., Tensor]

        def benign(self, layer: int, attention: Tensor, key_valid: Tensor) -> Tensor:
            return benign_reference("uniform", attention, key_valid, torch.zeros(()))

    columns = torch.tensor([[False, True, False, True]])
    carried = Carried(_Zero(), columns, (0, 1))
    valid = torch.tensor([[True, True, True, False]])
    attention = torch.full((1, 3, 4, 4), 0.25)
    assert carried.watched == (0, 1)
    assert carried.score(0, attention, valid, valid).tolist() == [[[0, 1, 0, 0]] * 3]
    assert float(carried.benign(0, attention, valid)) == torch.tensor(1 / 3).item()
