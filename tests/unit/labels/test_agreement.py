"""Agreement against values computed by hand."""

from __future__ import annotations

from collections import Counter

import pytest

from atpatch_core.labels.agreement import SAYINGS, Agreement, Tally, agreement


def _of(**verdicts: str) -> Agreement:
    """The agreement about columns 0, 1, ...: "o", "b" or "u" for each annotator, "." where they did not judge."""
    letters = dict(zip("obu.", SAYINGS, strict=True))
    tallies: Counter[Tally] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for said in zip(*verdicts.values(), strict=True) if len(verdicts) > 1 else ():
        over_attended, benign, unsure, unjudged = (said.count(letter) for letter in letters)
        tallies[over_attended, benign, unsure, unjudged] += 1
        pairs[letters[said[0]], letters[said[1]]] += 1
    return agreement(len(verdicts), tallies, pairs)


def test_two_annotators_by_hand() -> None:
    # Same on 8 of 10; by chance .6 * .6 + .4 * .4 = .52; kappa = (.8 - .52) / (1 - .52).
    found = _of(ada="oooooobbbb", bo="ooooobbbbo")
    assert found.measure == "Cohen's kappa"
    assert (found.columns, found.annotators, found.same) == (10, 2, 0.8)
    assert found.value == pytest.approx((0.8 - 0.52) / 0.48)


def test_not_to_judge_what_another_judges_is_no_agreement() -> None:
    # Both said the same wherever both said something, and yet they treat three of the five columns differently.
    found = _of(ada="ob" + "oo.", bo="ob" + "..b")
    assert (found.columns, found.judged_by_one, found.same) == (2, 3, 1.0)
    # Same on 2 of 5. By chance: ada says o, b, nothing 3, 1, 1 times, bo 1, 2, 2 times of 5.
    chance = (3 * 1 + 1 * 2 + 1 * 2) / 25
    assert found.value == pytest.approx((0.4 - chance) / (1 - chance))


def test_what_is_unjudged_counts_among_three_as_well() -> None:
    # 4 columns, 12 sayings: o 4, b 4, nothing 4; (o, o, nothing) twice and (b, b, nothing) twice disagree in 4 of 6 pairs.
    found = _of(ada="oobb", bo="o.b.", cy=".o.b")
    assert (found.columns, found.judged_by_one, found.same) == (4, 0, 1.0)
    observed = 4 * (4 / 2) / 12
    expected = 3 * 2 * (4 * 4) / (12 * 11)
    assert found.value == pytest.approx(1 - observed / expected)


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
