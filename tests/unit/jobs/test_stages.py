"""How much of work in stages is done."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atpatch_core.jobs.stages import share_done

_STAGES = ("first", "second", "third")
_WEIGHTS = st.dictionaries(st.sampled_from(_STAGES), st.floats(0, 1e6))
_SHARES = st.dictionaries(st.sampled_from((*_STAGES, "unknown")), st.floats(-1, 2))


def test_a_stage_counts_as_long_as_it_takes() -> None:
    weights = {"quick": 1.0, "slow": 9.0}
    assert share_done(weights, {}) == 0
    assert share_done(weights, {"quick": 1.0}) == pytest.approx(0.1)
    assert share_done(weights, {"quick": 1.0, "slow": 1 / 3}) == pytest.approx(0.4)
    assert share_done(weights, {"quick": 1.0, "slow": 1.0}) == 1


def test_what_has_no_weight_counts_for_nothing() -> None:
    assert share_done({"known": 1.0}, {"unknown": 1.0}) == 0
    assert share_done({}, {"unknown": 1.0}) == 0
    assert share_done({"nothing": 0.0}, {"nothing": 1.0}) == 0


def test_a_stage_that_is_more_than_done_does_not_stand_for_another() -> None:
    assert share_done({"one": 1.0, "other": 1.0}, {"one": 3.0}) == 0.5


@given(_WEIGHTS, _SHARES)
def test_it_stays_between_nothing_and_all(weights: dict[str, float], shares: dict[str, float]) -> None:
    assert 0 <= share_done(weights, shares) <= 1


@given(_WEIGHTS, _SHARES, st.sampled_from(_STAGES), st.floats(0, 1))
def test_it_grows_with_every_stage(
    weights: dict[str, float], shares: dict[str, float], stage: str, further: float
) -> None:
    later = {**shares, stage: shares.get(stage, 0.0) + further}
    assert share_done(weights, later) >= share_done(weights, shares)
