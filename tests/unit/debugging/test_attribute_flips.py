"""Which records a protected attribute hijacks, and their nearest clean counterparts, in a model whose rule is known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from atpatch_core.debugging.attribute_flips import ExhaustiveFlips, attribute_flips, hijacked_by, record_schema
from atpatch_core.errors import InputError
from atpatch_core.subjects.record import RecordAdapter
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


@dataclass(frozen=True)
class _Output:
    logits: Tensor


class _Points(nn.Module):
    """Says yes from one point on: 0.4 for each bin of age, 0.5 for a man, 0.1 for race C."""

    def __init__(self, male: float, race: float) -> None:
        super().__init__()
        self.points = torch.zeros(SCHEMA.vocabulary)
        self.points[2:7] = torch.arange(5) * 0.4
        self.points[8], self.points[11] = male, race

    def forward(self, input_ids: Tensor) -> _Output:
        total = self.points[input_ids].sum(-1)
        return _Output(torch.stack([torch.ones_like(total) - 1e-4, total], -1))


def _subject(male: float = 0.5, race: float = 0.1) -> Subject:
    return Subject("points", Path(), _Points(male, race), RecordAdapter(SCHEMA), ("no", "yes"), None, "")


def _person(age: int, sex: str = "Male", race: str = "A") -> Record:
    return {"age": age, "sex": sex, "race": race}


def test_exactly_the_records_are_hijacked_whose_points_the_attribute_carries_over_the_line() -> None:
    # Points without sex: 0, 0.4, 0.8, 1.2, 1.6. The 0.5 of a man matter at 0.8 only; race C's 0.1 nowhere by itself
    # (0.8 + 0.1 < 1), but with a man's 0.5 at 0.4 it does (0.4 + 0.5 + 0.1 = 1).
    people = [_person(age, sex) for age in (10, 30, 50, 70, 90) for sex in ("Male", "Female")]
    assert hijacked_by(_subject(), people).tolist() == [
        [False, False],
        [False, False],
        [False, True],
        [False, False],
        [True, False],
        [True, False],
        *[[False, False]] * 4,
    ]


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


def test_a_pair_is_an_over_attending_record_or_its_flip_with_the_nearest_clean_one() -> None:
    pairs = attribute_flips(_subject(), [_person(50), _person(70), _person(90, "Female", "B"), _person(10)])
    assert pairs.over_attending == [_person(50), _person(50, "Female")]
    assert pairs.clean == [_person(70), _person(70)]
    assert pairs.distance.tolist() == [1, 2]
    assert pairs.hijacking.tolist() == [[True, False], [True, False]]


def test_each_over_attending_record_stands_once_even_if_its_flip_was_there_too() -> None:
    pairs = attribute_flips(_subject(), [_person(50), _person(50, "Female"), _person(50), _person(70)])
    assert pairs.over_attending == [_person(50), _person(50, "Female")]


def test_a_fair_model_gives_an_empty_set() -> None:
    pairs = attribute_flips(_subject(male=0, race=0), [_person(age) for age in range(100)])
    assert len(pairs) == 0
    assert pairs.hijacking.shape == (0, 2)


def test_without_a_clean_record_there_is_no_set() -> None:
    with pytest.raises(InputError, match="no record is clean"):
        attribute_flips(_subject(), [_person(50), _person(55)])


def test_a_subject_of_another_kind_is_refused() -> None:
    class Texts:
        kind = "text"

    subject = Subject("texts", Path(), nn.Identity(), Texts(), ("no", "yes"), None, "")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="takes no records"):
        record_schema(subject)
