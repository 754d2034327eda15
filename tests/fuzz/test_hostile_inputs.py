"""A fixed sample of the hostile inputs: each is read right or refused in a sentence. `make fuzz` reads all of them."""

from __future__ import annotations

import pytest

from .groups import GROUPS, made
from .harness import judge

_EVERY = 3


@pytest.mark.parametrize("group", GROUPS)
def test_no_input_raises_anything_else_or_is_read_as_something_else(group: str) -> None:
    outcomes = list(judge(made(group)[::_EVERY]))
    assert [one for one in outcomes if one.verdict != "right"] == []
    assert len(outcomes) >= 50


def test_there_are_ten_groups_and_enough_inputs_in_each() -> None:
    counts = {group: len(made(group)) for group in GROUPS}
    assert len(counts) == 10
    assert sum(counts.values()) >= 1_500
    assert min(counts.values()) >= 150


def test_the_same_seed_makes_the_same_inputs() -> None:
    for group in GROUPS:
        assert [one.name for one in made(group)] == [one.name for one in made(group)]
