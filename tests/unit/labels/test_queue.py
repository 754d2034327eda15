"""What is labelled first."""

from __future__ import annotations

import pytest

from atpatch_core.labels import QueueEntry, State
from atpatch_core.labels.contract import StoredInput
from atpatch_core.labels.queue import in_active_learning_order, in_cold_start_order, uncertainty


def _entry(number: int, doubt: float | None = 0.0, disagreement: float = 0.0, state: State | None = None) -> QueueEntry:
    item = StoredInput("a" * 64, f"{number:064x}", "image", 50, "", "", None)
    return QueueEntry(item, state, doubt, disagreement, 0)


def test_uncertainty_is_highest_at_the_threshold() -> None:
    assert uncertainty(0.3, 0.3) == 1
    assert 1 > uncertainty(0.35, 0.3) > uncertainty(0.6, 0.3) > uncertainty(0.999, 0.3) > 0
    assert 1 > uncertainty(0.25, 0.3) > uncertainty(0.01, 0.3) > uncertainty(0.0, 0.3) > 0
    assert uncertainty(0.5, 0.25) == pytest.approx(1 / 3)


def test_the_order_is_drafts_uncertainty_disagreement_and_answered_ones_last() -> None:
    entries = [
        _entry(0, 0.99, state=State.SUBMITTED),
        _entry(1, 0.0),
        _entry(2, 0.0, 0.5),
        _entry(3, 0.61, 0.0),
        _entry(4, 0.6, 0.9),
        _entry(5, None),
        _entry(6, 0.0, state=State.DRAFT),
        _entry(7, 0.5, state=State.DISCARDED),
    ]
    order = [int(entry.item.digest, 16) for entry in in_active_learning_order(entries, "ada")]
    assert order == [6, 5, 4, 3, 2, 1, 0, 7]


def test_the_random_order_is_each_annotator_s_own_and_stays() -> None:
    entries = [_entry(number) for number in range(50)]
    order = in_active_learning_order(entries, "ada")
    assert order == in_active_learning_order(entries[::-1], "ada")
    assert order != in_active_learning_order(entries, "bo")
    assert order != tuple(entries)


def test_without_a_detector_conspicuous_inputs_and_random_ones_take_turns() -> None:
    entries = [_entry(number, number / 50) for number in range(40)]
    entries += [_entry(40, 1.0, state=State.SUBMITTED), _entry(41, 0.0, state=State.DRAFT)]
    order = [int(entry.item.digest, 16) for entry in in_cold_start_order(entries, "ada")]
    assert sorted(order) == list(range(42))
    assert (order[0], order[-1]) == (41, 40)
    assert order[1:4:2] == [39, 38]
    places = [order.index(number) for number in range(20, 40)]
    assert sum(place <= 20 for place in places) >= 10  # every other one of the first twenty is conspicuous
    assert order[2:20:2] != sorted(order[2:20:2], reverse=True)
    assert in_cold_start_order(entries, "ada") == in_cold_start_order(entries[::-1], "ada")
