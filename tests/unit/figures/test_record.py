"""A record as rows, and what a flipped attribute does, in words."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from atpatch_core.column import Column
from atpatch_core.figures.record import field_rows, what_if_rows, what_if_sentences
from atpatch_core.inspection.results import Inspection, Prediction
from atpatch_core.inspection.what_if import WhatIf
from atpatch_core.subjects.record_schema import CategoryField, NumberField, Protected, Record, RecordSchema

SCHEMA = RecordSchema(
    (
        NumberField("age", 17, 90, (30,), 40),
        CategoryField("sex", ("Female", "Male"), "Male"),
        CategoryField("race", ("A", "B", "C"), "A"),
    ),
    (Protected("sex", ("Male",)), Protected("race", ("A",))),
    ">50K",
)
RECORD: Record = {"age": 39, "sex": "Male", "race": "B"}
LABELS = ("<=50K", ">50K")
NAMES = ("[CLS]", *SCHEMA.names)


@pytest.fixture
def inspection(make_inspection: Callable[..., Inspection]) -> Inspection:
    """A man who gets >50K, and with AtPatch <=50K; his sex is flagged in two heads."""
    return make_inspection(
        flagged=(Column(0, 1, 2), Column(1, 0, 2)),
        before=(0.3, 0.7),
        after=(0.6, 0.4),
        labels=LABELS,
        layers=2,
        heads=2,
        names=NAMES,
        watched=(0, 1),
    )


def _flip(attribute: str, value: str, before: float, after: float) -> WhatIf:
    first, second = (Prediction(torch.tensor([1 - chance, chance]), LABELS) for chance in (before, after))
    return WhatIf(attribute, value, first, second)


def test_rows_say_what_a_field_holds_draws_and_where_it_is_flagged(inspection: Inspection) -> None:
    age, sex, race = field_rows(SCHEMA, RECORD, inspection, 0, 1)
    assert [(row.name, row.value) for row in (age, sex, race)] == [("age", "39"), ("sex", "Male"), ("race", "B")]
    assert (age.protected, sex.protected, race.protected) == (False, True, True)
    assert sex.heads == ((0, 1), (1, 0))
    assert sex.mark == "\u25bc 2 heads"
    assert age.mark == race.mark == ""
    assert sex.before == pytest.approx(0.6)
    assert sex.after == pytest.approx(0.02)
    assert sex.draws == "60.0\u00a0% \u2192 2.0\u00a0%"


def test_an_attribute_that_decides_is_named_with_what_it_would_be(inspection: Inspection) -> None:
    flips = [_flip("sex", "Female", 0.2, 0.4), _flip("race", "A", 0.7, 0.4), _flip("race", "C", 0.8, 0.4)]
    assert what_if_sentences(RECORD, inspection, flips) == (
        "Sex decides this answer: with Female instead of Male it would be <=50K instead of >50K. With AtPatch it would "
        "be <=50K either way.",
        "Race does not decide this answer: it stays the same with any other value.",
    )


def test_an_attribute_that_is_redistributed_though_it_does_not_decide_is_told_of(inspection: Inspection) -> None:
    (text,) = what_if_sentences(RECORD, inspection, [_flip("sex", "Female", 0.7, 0.4)])
    assert text.startswith("Sex does not decide this answer")
    assert text.endswith("It is flagged, though, and redistributed, too.")


def test_discrimination_that_the_fix_leaves_or_brings_is_said(inspection: Inspection) -> None:
    left = what_if_sentences(RECORD, inspection, [_flip("sex", "Female", 0.2, 0.8)])
    brought = what_if_sentences(RECORD, inspection, [_flip("sex", "Female", 0.8, 0.8)])
    assert left[0].endswith("With AtPatch it still decides: with Female it would be >50K.")
    assert brought == (
        "Sex does not decide this answer in the model as it is. With AtPatch it does: with Female it would be >50K.",
    )


def test_many_values_are_counted(inspection: Inspection) -> None:
    flips = [_flip("race", name, 0.1, 0.4) for name in "ACDEF"]
    assert "with A, C, D or 2 others instead of B" in what_if_sentences(RECORD, inspection, flips)[0]


def test_the_table_starts_with_the_person_and_marks_other_answers(inspection: Inspection) -> None:
    rows = what_if_rows(RECORD, inspection, [_flip("sex", "Female", 0.2, 0.4), _flip("race", "A", 0.6, 0.8)])
    assert [row[0] for row in rows] == ["as it is", "sex: Female instead of Male", "race: A instead of B"]
    assert [["another answer" in cell for cell in row[1:]] for row in rows] == [
        [False, False],
        [True, False],
        [False, True],
    ]
    assert rows[0][1].startswith(">50K 70.0")
