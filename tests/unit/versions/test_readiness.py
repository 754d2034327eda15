"""A version is ready by what its own threshold does to inputs that it did not learn from."""

from __future__ import annotations

import numpy as np
import pytest

from atpatch_core.versions.judgement import Confusion, confusion, judge
from atpatch_core.versions.readiness import Readiness, Standing, judgeable, objections, readiness

COUNT = 40
TRUTH = np.arange(2 * COUNT) >= COUNT
TITLES = [f"input {number}" for number in range(2 * COUNT)]


def _scores(clean: tuple[float, float], bad: tuple[float, float]) -> np.ndarray:
    return np.concatenate([np.linspace(*clean, COUNT), np.linspace(*bad, COUNT)])


def test_telling_inputs_apart_is_not_enough_if_the_threshold_finds_nothing() -> None:
    judged = judge(_scores((0.0, 0.2), (0.6, 0.9)), TRUTH)
    assert judged.auroc == 1
    found = readiness(judged, 0.95, TITLES)
    assert found.standing is Standing.NOT_READY
    assert found.counts == Confusion(0, COUNT, 0, COUNT)
    better = found.better
    assert better is not None
    assert 0.2 < better.threshold < 0.6
    assert better.counts == Confusion(COUNT // 2, 0, 0, COUNT // 2)
    # It is judged on others than it was chosen on, of each kind one half.
    assert len(better.chosen_on) == better.judged_on == COUNT
    chose = np.isin(TITLES, better.chosen_on)
    assert (chose & TRUTH).sum() == (chose & ~TRUTH).sum() == COUNT // 2
    assert confusion(judge(judged.scores[~chose], TRUTH[~chose]), better.threshold) == better.counts


def test_the_other_threshold_does_not_depend_on_the_inputs_that_judge_it() -> None:
    scores = _scores((0.0, 0.2), (0.6, 0.9))
    before = readiness(judge(scores, TRUTH), 0.95, TITLES).better
    assert before is not None
    changed = np.where(np.isin(TITLES, before.chosen_on), scores, scores.clip(0.15, 0.7))
    after = readiness(judge(changed, TRUTH), 0.95, TITLES).better
    assert after is not None
    assert (after.threshold, after.chosen_on) == (before.threshold, before.chosen_on)
    # Where the other half says that it does not work, it is not offered.
    spoilt = np.where(np.isin(TITLES, before.chosen_on), scores, 0.1)
    assert readiness(judge(spoilt, TRUTH), 0.95, TITLES).better is None


@pytest.mark.parametrize(
    ("threshold", "standing"), [(0.5, Standing.READY), (0.89, Standing.NOT_READY), (0.0, Standing.NOT_READY)]
)
def test_it_has_to_find_more_of_the_over_attended_than_it_flags_of_others(threshold: float, standing: Standing) -> None:
    assert readiness(judge(_scores((0.0, 0.2), (0.6, 0.9)), TRUTH), threshold, TITLES).standing is standing


def test_no_threshold_helps_a_version_that_tells_nothing_apart() -> None:
    scores = np.random.default_rng(0).random(2 * COUNT)
    found = readiness(judge(scores, TRUTH), 0.5, TITLES)
    assert (found.standing, found.better) == (Standing.NOT_READY, None)


@pytest.mark.parametrize("bad", [0, 4, COUNT - 4, COUNT])
def test_too_few_inputs_of_a_kind_judge_nothing(bad: int) -> None:
    truth = np.arange(COUNT) < bad
    assert not judgeable(truth)
    found = readiness(judge(np.linspace(0, 1, COUNT), truth), 0.5, TITLES[:COUNT])
    assert found == Readiness(Standing.NOT_JUDGED)


def _found(found: int, false_alarms: int) -> Confusion:
    return Confusion(found, 200 - found, false_alarms, 200 - false_alarms)


def test_what_speaks_against_a_version_is_said_with_its_figure_and_by_how_much() -> None:
    ready = Readiness(Standing.READY, _found(180, 4), 0.99)
    assert objections(ready, 0.5) == []
    assert objections(ready, 0.5, "old", _found(180, 4)) == []
    assert objections(ready, 0.5, "old", _found(150, 9)) == []
    fewer, more = objections(ready, 0.5, "old", _found(198, 1))
    assert fewer == "It finds 180 of 200 over-attended inputs, 18 fewer than old, which is active (198)."
    assert more == "It flags 4 of 200 other inputs, 3 more than old, which is active (1)."
    (unjudged,) = objections(Readiness(Standing.NOT_JUDGED), 0.5, "old")
    assert unjudged.startswith("It was not judged")
    (nothing,) = objections(Readiness(Standing.NOT_READY, _found(0, 0), 1.0), 0.98)
    assert "at its own threshold, 0.9800, it finds 0 of 200 over-attended inputs and flags 0 of 200 others." in nothing
