"""Which records a protected attribute hijacks, and their nearest clean counterparts, in a model whose rule is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from atpatch_core.debugging.attribute_flips import SHIFT, ExhaustiveFlips, attribute_flips, hijacked_by
from atpatch_core.errors import InputError
from atpatch_core.subjects.record import RecordAdapter, record_schema
from atpatch_core.subjects.record_schema import CategoryField, NumberField, Protected, Record, RecordSchema
from atpatch_core.subjects.subject import Subject

SCHEMA = RecordSchema(
    (
        NumberField("age", 0, 99, (20, 40, 60, 80), 50),
        CategoryField("sex", ("Female", "Male"), "Male"),
        CategoryField("race", ("A", "B", "C"), "A"),
    ),
    (Protected("sex", ("Male",)), Protected("race", ("A",))),
    "yes",
)
ONE = replace(SCHEMA, protected=SCHEMA.protected[:1])  # the rule's model has no attention to shut the other one out of


@dataclass(frozen=True)
class _Output:
    logits: Tensor


class _Points(nn.Module):
    """The probability of yes is the sum of points: 0.2 for each bin of age, `male` for a man."""

    def __init__(self, male: float) -> None:
        super().__init__()
        self.points = torch.zeros(SCHEMA.vocabulary)
        self.points[2:7] = torch.arange(5) * 0.2
        self.points[8] = male

    def forward(self, input_ids: Tensor) -> _Output:
        chance = self.points[input_ids].sum(-1).clamp(0.01, 0.99)
        return _Output(torch.stack([torch.zeros_like(chance), torch.logit(chance)], -1))


def _subject(male: float = 0.25) -> Subject:
    return Subject("points", Path(), _Points(male), RecordAdapter(ONE), ("no", "yes"), None, "")


def _person(age: int, sex: str = "Male", race: str = "A") -> Record:
    return {"age": age, "sex": sex, "race": race}


def test_exactly_the_records_are_hijacked_whose_chance_the_attribute_moves_to_the_line() -> None:
    # Without sex: 0, 0.2, 0.4, 0.6, 0.8; a man has 0.25 more. To within 0.1 of the line: 0.2 (0.45), 0.4 (0.65) and,
    # barely, 0.6 from above (0.6 to 0.85), but neither 0 (0.25) nor 0.8 (0.8 to 0.99).
    people = [_person(age, sex) for sex in ("Male", "Female") for age in (10, 30, 50, 70, 90)]
    assert hijacked_by(_subject(), people)[:, 0].tolist() == [False, True, True, True, False] * 2


def test_a_push_that_is_too_small_to_matter_hijacks_nobody() -> None:
    people = [_person(age) for age in range(100)]
    assert not hijacked_by(_subject(male=SHIFT - 0.01), people).any()


def test_flips_are_exhaustive() -> None:
    flips = ExhaustiveFlips.of(SCHEMA, [_person(50), _person(10, "Female", "C")])
    assert flips.rounds == (-1, 0, 1, 1)
    assert [(one["sex"], one["race"]) for one in flips.versions] == [
        ("Male", "A"),
        ("Female", "C"),
        ("Female", "A"),
        ("Male", "C"),
        ("Male", "B"),
        ("Female", "A"),
        ("Male", "C"),
        ("Female", "B"),
    ]
    answers = np.array([0, 1, 0, 0, 0, 1, 1, 1])
    assert flips.originals(answers).tolist() == [0, 1]
    assert flips.changes(answers).tolist() == [[False, True], [True, False]]


def test_a_move_counts_the_whole_way_between_all_values_of_one_attribute() -> None:
    flips = ExhaustiveFlips.of(SCHEMA, [_person(50), _person(10)])
    chances = np.array([0.3, 0.45, 0.3, 0.9, 0.55, 0.46, 0.35, 0.45])
    # First person: sex 0.3 to 0.3, race 0.3 to 0.55. Second: sex 0.45 to 0.9, race 0.45 to 0.46.
    assert flips.moves(chances).tolist() == [[False, True], [True, False]]


def test_a_pair_is_an_over_attending_record_or_its_flip_with_the_nearest_clean_one() -> None:
    pairs = attribute_flips(
        _subject(), [_person(50), _person(10, "Male", "B"), _person(90), _person(90, "Female", "B")]
    )
    assert pairs.over_attending == [_person(50), _person(50, "Female")]
    assert pairs.clean == [_person(90), _person(90)]
    assert pairs.distance.tolist() == [1, 2]  # of those two fields away from the flip, the first
    assert pairs.hijacking.tolist() == [[True], [True]]


def test_each_over_attending_record_stands_once_even_if_its_flip_was_there_too() -> None:
    pairs = attribute_flips(_subject(), [_person(50), _person(50, "Female"), _person(50), _person(90)])
    assert pairs.over_attending == [_person(50), _person(50, "Female")]


def test_no_more_pairs_are_drawn_than_asked_for() -> None:
    people = [_person(age) for age in range(100)]
    pairs = attribute_flips(_subject(), people, most=7)
    assert len(pairs) == len(pairs.clean) == len(pairs.hijacking) == 7
    assert pairs.over_attending == attribute_flips(_subject(), people, most=7).over_attending
    assert pairs.over_attending != attribute_flips(_subject(), people, most=7, seed=1).over_attending


def test_a_fair_model_gives_an_empty_set() -> None:
    pairs = attribute_flips(_subject(male=0), [_person(age) for age in range(100)])
    assert len(pairs) == 0
    assert pairs.hijacking.shape == (0, 1)


def test_without_a_clean_record_there_is_no_set() -> None:
    with pytest.raises(InputError, match="none is clean"):
        attribute_flips(_subject(), [_person(50), _person(55)])


def test_a_subject_of_another_kind_is_refused() -> None:
    class Texts:
        kind = "text"

    subject = Subject("texts", Path(), nn.Identity(), Texts(), ("no", "yes"), None, "")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="takes no records"):
        record_schema(subject)
