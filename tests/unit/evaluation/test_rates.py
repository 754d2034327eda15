"""Rates and their intervals, against known values and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atpatch_core.evaluation.rates import area_under_roc, paired_difference, proportion


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


def test_a_paired_difference_is_sure_where_all_pairs_agree() -> None:
    hits = _hits(30, 100)
    same = paired_difference(hits, hits)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    fewer = paired_difference(hits, _hits(25, 100))
    assert fewer.value == pytest.approx(0.05)
    assert fewer.low == pytest.approx(0.05 - 1.96 * math.sqrt(0.05 * 0.95 / 99), abs=1e-4)


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
