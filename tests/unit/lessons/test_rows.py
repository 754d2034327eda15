"""Attention by hand: rows sum to 1, and the repaired row is the formula of the paper."""

from __future__ import annotations

import numpy as np
import pytest

from atpatch_core.lessons.rows import repair_row, rows_from_scores


def test_rows_sum_to_one_and_a_raised_score_takes_from_the_others() -> None:
    scores = np.random.default_rng(0).normal(size=(5, 5))
    before = rows_from_scores(scores)
    scores[2, 3] += 1.0
    after = rows_from_scores(scores)
    assert after.sum(1) == pytest.approx(np.ones(5))
    assert after[2, 3] > before[2, 3]
    assert (np.delete(after[2], 3) < np.delete(before[2], 3)).all()
    assert (np.delete(after, 2, 0) == np.delete(before, 2, 0)).all()


def test_huge_scores_stay_finite() -> None:
    assert rows_from_scores(np.array([[1e6, 0.0], [-1e6, 0.0]])).tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_a_flagged_share_is_handed_out_in_proportion() -> None:
    row = repair_row((0.1, 0.6, 0.3), (False, True, False), 0.2)
    assert row.after == pytest.approx((0.2, 0.2, 0.6))
    assert (row.left, row.held, row.factor) == pytest.approx((0.8, 0.4, 2.0))


def test_a_flagged_column_that_is_benign_already_is_not_raised() -> None:
    row = repair_row((0.1, 0.6, 0.3), (True, False, False), 0.2)
    assert row.after == pytest.approx((0.1, 0.6, 0.3))
    assert row.factor == pytest.approx(1.0)


@pytest.mark.parametrize("flagged", [(False, False, False), (True, True, True)])
def test_nothing_or_everything_flagged_changes_nothing(flagged: tuple[bool, ...]) -> None:
    row = repair_row((0.1, 0.6, 0.3), flagged, 0.02)
    assert row.after == pytest.approx(row.before)
    assert row.factor is None


def test_a_benign_share_beyond_one_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        repair_row((0.5, 0.5), (True, False), 1.5)
