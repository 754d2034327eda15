"""Fairness figures against counts made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from atpatch_core.debugging.attribute_flips import ExhaustiveFlips
from atpatch_core.evaluation.fairness import Answering, FairnessJudge, relative_reduction
from atpatch_core.evaluation.rates import proportion, unpaired_difference
from atpatch_core.evaluation.record_data import LabelledRecords
from atpatch_core.subjects.record_schema import CategoryField, Protected, Record, RecordSchema

SCHEMA = RecordSchema(
    (CategoryField("merit", ("low", "high"), "low"), CategoryField("sex", ("Female", "Male"), "Male")),
    (Protected("sex", ("Male",)),),
    "yes",
)


def _people(merit: str, sex: str, label: int, count: int) -> list[tuple[Record, int]]:
    return [({"merit": merit, "sex": sex}, label)] * count


# 10 men of high merit (all deserving), 10 of low (2 deserving), 10 women of high (8 deserving), 30 of low (0).
PEOPLE = [
    *_people("high", "Male", 1, 10),
    *_people("low", "Male", 1, 2),
    *_people("low", "Male", 0, 8),
    *_people("high", "Female", 1, 8),
    *_people("high", "Female", 0, 2),
    *_people("low", "Female", 0, 30),
]
DATA = LabelledRecords([record for record, _ in PEOPLE], np.array([label for _, label in PEOPLE]))


def _rule(says_yes: object) -> Answering:
    return lambda records: np.array([int(says_yes(record)) for record in records])  # type: ignore[operator]


MEN_ONLY = _rule(lambda record: record["merit"] == "high" and record["sex"] == "Male")
ON_MERIT = _rule(lambda record: record["merit"] == "high")


def _judge(untouched: Answering) -> FairnessJudge:
    flips = ExhaustiveFlips.of(SCHEMA, DATA.records)
    return FairnessJudge(DATA, flips, untouched(flips.versions), SCHEMA.protected, 1)


def test_every_figure_is_what_a_count_by_hand_gives() -> None:
    result = _judge(MEN_ONLY).judge(ON_MERIT)
    sex = result.attributes["sex"]
    assert result.n == 60
    assert result.accuracy_before.value == pytest.approx(50 / 60)  # wrong: 2 deserving men of low merit, 8 women
    assert result.accuracy_after.value == pytest.approx(56 / 60)  # wrong: 2 men of low merit, 2 undeserving women
    assert result.accuracy_drop.value == pytest.approx(-6 / 60)
    assert result.changed.value == pytest.approx(10 / 60)
    assert sex.idr_before.value == pytest.approx(20 / 60)  # everybody of high merit, men and women
    assert sex.idr_after.value == 0
    assert sex.idr_reduction.value == 1
    assert sex.spd_before.value == pytest.approx(0 / 40 - 10 / 20)
    assert sex.spd_after.value == pytest.approx(10 / 40 - 10 / 20)
    assert sex.eod_before.value == pytest.approx(0 / 8 - 10 / 12)
    assert sex.eod_after.value == pytest.approx(8 / 8 - 10 / 12)


def test_a_fix_that_does_nothing_changes_nothing() -> None:
    result = _judge(MEN_ONLY).judge(MEN_ONLY)
    sex = result.attributes["sex"]
    assert (result.changed.value, result.accuracy_drop.value, sex.idr_reduction.value) == (0, 0, 0)
    assert sex.spd_before == sex.spd_after


def test_a_proxy_hides_from_idr_but_not_from_spd() -> None:
    """Merit stands for sex here to a degree: the rule never looks at sex, IDR is 0, yet the groups fare differently."""
    sex = _judge(ON_MERIT).judge(ON_MERIT).attributes["sex"]
    assert sex.idr_before.value == 0
    assert np.isnan(sex.idr_reduction.value)
    assert sex.spd_before.value == pytest.approx(-0.25)


def test_every_interval_holds_its_value_and_narrows_with_more_people() -> None:
    rng = np.random.default_rng(0)
    few, many = (relative_reduction(rng.random(n) < 0.3, rng.random(n) < 0.05) for n in (200, 20_000))
    for rate in (few, many):
        assert rate.low <= rate.value <= rate.high
    assert many.high - many.low < few.high - few.low


def test_a_reduction_is_negative_when_it_got_worse() -> None:
    before, after = np.array([True, False, False, False]), np.array([True, True, False, False])
    assert relative_reduction(before, after).value == -1


def test_the_difference_of_two_groups_holds_the_published_example() -> None:
    """Newcombe 1998, table II, 56/70 against 48/80: 0.2, interval 0.0524 to 0.3339 (method 10)."""
    rate = unpaired_difference(np.arange(70) < 56, np.arange(80) < 48)
    assert (rate.value, rate.low, rate.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert rate.n == proportion(np.ones(70)).n


def test_a_group_without_members_has_no_difference() -> None:
    assert np.isnan(unpaired_difference(np.array([], dtype=bool), np.array([True])).value)
