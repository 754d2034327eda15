"""Agreement against values computed by hand."""

from __future__ import annotations

from collections import Counter

import pytest

from atpatch_core.labels import Verdict
from atpatch_core.labels.agreement import Agreement, Tally, agreement


def _of(**verdicts: str) -> Agreement:
    """The agreement about columns 0, 1, ...: "o", "b" or "u" for each annotator, "." where they did not judge."""
    letters = {"o": Verdict.OVER_ATTENDED, "b": Verdict.BENIGN, "u": Verdict.UNSURE}
    tallies: Counter[Tally] = Counter()
    pairs: Counter[tuple[Verdict, Verdict]] = Counter()
    for said in zip(*verdicts.values(), strict=True):
        given = [letters[letter] for letter in said if letter != "."]
        if len(given) > 1:
            tallies[given.count(Verdict.OVER_ATTENDED), given.count(Verdict.BENIGN), given.count(Verdict.UNSURE)] += 1
            pairs[given[0], given[1]] += 1
    return agreement(len(verdicts), tallies, pairs)


def test_two_annotators_by_hand() -> None:
    # Same on 8 of 10; by chance .6 * .6 + .4 * .4 = .52; kappa = (.8 - .52) / (1 - .52).
    found = _of(ada="oooooobbbb", bo="ooooobbbbo")
    assert found.measure == "Cohen's kappa"
    assert (found.columns, found.annotators, found.same) == (10, 2, 0.8)
    assert found.value == pytest.approx((0.8 - 0.52) / 0.48)


def test_only_columns_that_both_judged_count() -> None:
    assert _of(ada="oooooobbbb" + "o.", bo="ooooobbbbo" + ".b") == _of(ada="oooooobbbb", bo="ooooobbbbo")


def test_three_annotators_by_hand() -> None:
    # Krippendorff: values 8 o and 4 b; of 12 pairable values, one unit (o, o, b) disagrees in 4 of its 6 pairs.
    found = _of(ada="ooob", bo="ooob", cy="oobb"[:2] + "bb")
    assert found.measure == "Krippendorff's alpha"
    observed = (4 / 2) / 12
    expected = 2 * 8 * 4 / (12 * 11)
    assert found.value == pytest.approx(1 - observed / expected)
    assert found.same == 0.75


def test_full_agreement_is_one_and_opposition_is_below_chance() -> None:
    assert _of(ada="obob", bo="obob").value == 1
    assert _of(ada="obob", bo="bobo").value == pytest.approx(-1)


@pytest.mark.parametrize("verdicts", [{}, {"ada": "ob"}, {"ada": "o.", "bo": ".b"}])
def test_nothing_shared_has_no_agreement_and_says_why(verdicts: dict[str, str]) -> None:
    found = _of(**verdicts)
    assert (found.value, found.columns) == (None, 0)
    assert found.note


@pytest.mark.parametrize("verdicts", [{"ada": "oo", "bo": "oo"}, {"ada": "bb", "bo": "bb", "cy": "bb"}])
def test_one_verdict_throughout_leaves_no_chance_to_compare_with(verdicts: dict[str, str]) -> None:
    found = _of(**verdicts)
    assert (found.value, found.same) == (None, 1.0)
    assert found.note
