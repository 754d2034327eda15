"""The threshold keeps the wanted false-positive rate, on inputs that it has not seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atpatch_core.detector.calibration import calibrate_threshold

_NONE = np.empty(0)


@given(st.integers(0, 10_000), st.sampled_from([0.01, 0.05, 0.2]), st.integers(200, 500))
def test_at_most_the_wanted_share_of_the_calibration_inputs_is_flagged(seed: int, rate: float, count: int) -> None:
    benign = np.random.default_rng(seed).random(count).astype(np.float32)
    threshold = np.float32(calibrate_threshold(benign, _NONE, rate))
    assert (benign >= threshold).mean() <= rate


def test_the_rate_holds_on_average_for_new_inputs() -> None:
    rates = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        threshold = calibrate_threshold(rng.beta(1, 20, 199), _NONE, 0.05)
        rates.append((rng.beta(1, 20, 2_000) >= threshold).mean())
    assert 0.04 < np.mean(rates) < 0.052


def test_equal_scores_are_not_flagged_by_their_own_threshold() -> None:
    benign = np.full(1_000, 0.3, dtype=np.float32)
    assert np.float32(0.3) < calibrate_threshold(benign, _NONE, 0.01)


def test_a_gap_between_the_two_puts_the_threshold_in_its_middle_in_log_odds() -> None:
    threshold = calibrate_threshold(np.full(1_000, 0.1), np.full(100, 0.9), 0.01)
    assert threshold == pytest.approx(0.5, abs=1e-4)


def test_overlap_keeps_the_bound() -> None:
    benign, malicious = np.linspace(0, 0.9, 1_000), np.linspace(0.1, 1, 1_000)
    assert calibrate_threshold(benign, malicious, 0.01) == calibrate_threshold(benign, _NONE, 0.01)


def test_scores_of_exactly_0_and_1_have_a_middle_too() -> None:
    assert 0 < calibrate_threshold(np.zeros(1_000), np.ones(1_000), 0.01) < 1


def test_too_few_inputs_are_refused_with_how_many_it_takes() -> None:
    with pytest.raises(ValueError, match="at least 500"):
        calibrate_threshold(np.zeros(400), _NONE, 0.002)
    assert calibrate_threshold(np.zeros(500), _NONE, 0.002) > 0
