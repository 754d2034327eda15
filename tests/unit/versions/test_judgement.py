"""What scores are worth, on inputs of which it is known which ones ought to be flagged."""

from __future__ import annotations

import math

import numpy as np
import pytest

from atpatch_core.versions.judgement import confusion, judge, precision_and_recall, threshold_for

SCORES = np.array([0.1, 0.2, 0.3, 0.4, 0.35, 0.8, 0.9, 0.05])
TRUTH = np.array([False, False, False, False, True, True, True, True])


def test_a_threshold_means_counts() -> None:
    counts = confusion(judge(SCORES, TRUTH), 0.35)
    assert (counts.found, counts.missed, counts.false_alarms, counts.left_alone) == (3, 1, 1, 3)
    assert (counts.true_positive_rate, counts.false_positive_rate) == (0.75, 0.25)
    nothing = confusion(judge(SCORES[:0], TRUTH[:0]), 0.5)
    assert math.isnan(nothing.true_positive_rate)
    assert math.isnan(nothing.false_positive_rate)


@pytest.mark.parametrize(("rate", "false_alarms", "found"), [(0.0, 0, 2), (0.25, 1, 3), (0.5, 2, 3), (1.0, 4, 4)])
def test_the_threshold_for_a_rate_is_the_lowest_that_keeps_it(rate: float, false_alarms: int, found: int) -> None:
    judged = judge(SCORES, TRUTH)
    counts = confusion(judged, threshold_for(judged, rate))
    assert (counts.false_alarms, counts.found) == (false_alarms, found)


def test_equal_scores_are_flagged_together_or_not_at_all() -> None:
    judged = judge(np.array([0.5, 0.5, 0.5, 0.1]), np.array([False, False, False, True]))
    assert confusion(judged, threshold_for(judged, 0.4)).false_alarms == 0


def test_areas_are_those_of_the_pairs() -> None:
    judged = judge(SCORES, TRUTH)
    pairs = [(bad > good) for bad in SCORES[TRUTH] for good in SCORES[~TRUTH]]
    assert judged.auroc == pytest.approx(np.mean(pairs))
    precision, recall = precision_and_recall(judged)
    assert np.all(np.diff(recall) >= 0)
    assert recall[-1] == 1
    assert precision[-1] == pytest.approx(TRUTH.mean())
    alone = judge(SCORES[TRUTH], TRUTH[TRUTH])
    assert (alone.auroc, alone.average_precision) == (None, None)
