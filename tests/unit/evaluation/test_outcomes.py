"""The inputs behind a figure, and the figures class by class, are those that the comparison counted."""

from __future__ import annotations

import pytest

from atpatch_core.evaluation.comparison import CLEAN, Comparison, compare
from atpatch_core.evaluation.defences.catalogue import Method
from atpatch_core.evaluation.defences.contract import REFUSED
from atpatch_core.evaluation.outcomes import behind, class_name, outcomes, per_class

from .test_comparison import CLEAN as PICTURES
from .test_comparison import DEFENDER, SUBJECT, FixedAnswer, marked


def _compared(mark: int, instead: int) -> Comparison:
    method = Method("fixer", "", "peer", lambda _subject, _have: FixedAnswer(mark, instead))
    return compare(SUBJECT, {"fixer": method}, PICTURES, marked, DEFENDER, 0.01)


@pytest.mark.parametrize(("mark", "instead"), [(9, 2), (0, REFUSED), (5, 1)])
def test_as_many_inputs_are_behind_a_figure_as_it_says(mark: int, instead: int) -> None:
    compared = _compared(mark, instead)
    figures = compared.runs[0].defences["fixer"]
    attack = figures.attacks["marked"]
    counts = {name: len(behind(compared, "fixer", "marked", name)) for name in outcomes("marked")}
    assert counts["still the attacker's class"] == round(attack.asr_after.value * attack.n)
    assert counts["right again"] == round(attack.recovery.value * attack.n)
    assert counts["not flagged"] == round((1 - attack.tpr_per_input.value) * attack.n)
    assert sum(count for name, count in counts.items() if name != "not flagged") == attack.n
    clean = {name: len(behind(compared, "fixer", CLEAN, name)) for name in outcomes(CLEAN)}
    assert clean["flagged without a trigger"] == round(figures.fpr_per_input.value * 6)
    assert clean["answer changed"] == round(figures.changed.value * 6)
    lost = clean["right before, wrong after"] - clean["wrong before, right after"]
    assert lost == round(figures.clean_accuracy_drop.value * 6)


def test_nothing_is_said_about_flags_of_what_detects_nothing() -> None:
    for attack in ("marked", CLEAN):
        named = outcomes(attack, detects=False)
        assert set(named) < set(outcomes(attack))
        assert not [name for name in named if "flagged" in name]


def test_an_input_says_what_became_of_it() -> None:
    one = behind(_compared(9, 2), "fixer", "marked", "right again")[0]
    assert (one.truth, one.before, one.after, one.flagged) == (2, 3, 2, True)
    assert class_name(one.after, SUBJECT.labels) == "c"
    assert class_name(REFUSED, SUBJECT.labels) == "no answer"


def test_classes_leave_out_what_can_t_be_attacked() -> None:
    found = {one.label: one for one in per_class(_compared(9, 2), "fixer", "marked", SUBJECT.labels)}
    assert [one.n for one in found.values()] == [1, 1, 2, 2]
    assert (found["c"].asr_before, found["c"].asr_after, found["c"].recovery) == (1, 0, 1)
    assert found["d"].asr_before != found["d"].asr_before  # NaN: the attacker's own class
    assert found["d"].accuracy_before == 0.5
