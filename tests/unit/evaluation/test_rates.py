"""Rates and their intervals, against known values and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atpatch_core.evaluation.rates import area_under_roc, paired_difference, proportion, unpaired_difference


def _hits(count: int, of: int) -> np.ndarray:
    return np.arange(of) < count


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    # Wilson's interval without continuity correction, as in Newcombe (1998), table I.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_intervals_as_published(count: int, of: int, low: float, high: float) -> None:
    rate = proportion(_hits(count, of))
    assert rate.value == pytest.approx(count / of)
    assert (rate.low, rate.high) == pytest.approx((low, high), abs=5e-5)
    assert rate.n == of


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_value_and_stays_between_0_and_1(case: tuple[int, int]) -> None:
    rate = proportion(_hits(*case))
    assert 0 <= rate.low <= rate.value <= rate.high <= 1


def test_of_no_cases_nothing_is_known() -> None:
    for rate in (proportion(np.empty(0)), paired_difference(np.empty(0), np.empty(0))):
        assert math.isnan(rate.value)
        assert rate.n == 0


@pytest.mark.parametrize(
    ("both", "first", "second", "neither", "low", "high"),
    [
        # Complete responses before and after a therapy (Cavo et al., 2012), as in the tests of the R package
        # contingencytables by Fagerland, Lydersen and Laake.
        (59, 6, 16, 80, -0.1186, -0.0046),
        # Two pairs that disagree both ways, by hand: Wilson's interval of 1 of 2 is 0.0945 to 0.9055, the sides add.
        (0, 1, 1, 0, -0.8109, 0.8109),
    ],
)
def test_paired_intervals_as_published_and_by_hand(
    both: int, first: int, second: int, neither: int, low: float, high: float
) -> None:
    one = np.repeat([True, True, False, False], [both, first, second, neither])
    two = np.repeat([True, False, True, False], [both, first, second, neither])
    rate = paired_difference(one, two)
    assert rate.value == pytest.approx((first - second) / rate.n)
    assert (rate.low, rate.high) == pytest.approx((low, high), abs=6e-5)


def test_where_all_pairs_agree_few_leave_more_open_than_many() -> None:
    few, many = (paired_difference(_hits(of // 7, of), _hits(of // 7, of)) for of in (42, 4_200))
    assert few.value == many.value == 0
    assert few.low < -0.05 < many.low < 0 < many.high < 0.05 < few.high


_PAIRS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=120)


@given(_PAIRS)
def test_an_interval_of_pairs_holds_its_value_has_a_width_and_stays_in_range(pairs: list[tuple[bool, bool]]) -> None:
    first, second = np.array(pairs).T
    rate = paired_difference(first, second)
    assert rate.value == pytest.approx((first.sum() - second.sum()) / len(pairs))
    assert -1 <= rate.low <= rate.value <= rate.high <= 1
    assert rate.high - rate.low > 1e-3
    swapped = paired_difference(second, first)
    assert (swapped.low, swapped.high) == pytest.approx((-rate.high, -rate.low))


@given(st.integers(1, 300), st.integers(1, 300), st.data())
def test_an_interval_of_two_groups_does_so_too(of_first: int, of_second: int, data: st.DataObject) -> None:
    first, second = (_hits(data.draw(st.integers(0, of)), of) for of in (of_first, of_second))
    rate = unpaired_difference(first, second)
    assert -1 <= rate.low <= rate.value <= rate.high <= 1
    assert rate.high - rate.low > 1e-3


def test_a_paired_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        base = rng.random(60) < 0.1
        rate = paired_difference(base ^ (rng.random(60) < 0.1), base)
        held += rate.low <= 0.1 * 0.9 - 0.1 * 0.1 <= rate.high
    assert held / 400 > 0.92


def test_area_under_roc_by_hand_with_a_tie() -> None:
    # Of the six pairs the malicious input is higher in four and equal in one.
    rate = area_under_roc(np.array([0.1, 0.2, 0.3]), np.array([0.2, 0.9]))
    assert rate.value == pytest.approx(4.5 / 6)
    assert rate.n == 5


def test_perfect_and_useless_detectors() -> None:
    rng = np.random.default_rng(0)
    perfect = area_under_roc(rng.random(500), rng.random(500) + 2)
    assert (perfect.value, perfect.low, perfect.high) == (1, 1, 1)
    useless = area_under_roc(rng.random(500), rng.random(500))
    assert useless.low < 0.5 < useless.high
    assert 0.05 < useless.high - useless.low < 0.1


def test_without_either_kind_of_input_there_is_no_area() -> None:
    assert math.isnan(area_under_roc(np.ones(3), np.empty(0)).value)
