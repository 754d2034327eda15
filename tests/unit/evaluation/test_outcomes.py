"""The inputs behind a figure, and the figures class by class, are those that the comparison counted."""

from __future__ import annotations

import pytest

from atpatch_core.evaluation.attack_trial import AttackTrial
from atpatch_core.evaluation.comparison import Comparison, compare
from atpatch_core.evaluation.defences.catalogue import Method
from atpatch_core.evaluation.defences.contract import REFUSED
from atpatch_core.evaluation.outcomes import class_name, per_class
from atpatch_core.evaluation.trial import CLEAN

from .test_comparison import CLEAN as IMAGES
from .test_comparison import DEFENDER, MARKED, SUBJECT, FixedAnswer


def _compared(mark: int, instead: int) -> Comparison:
    method = Method("fixer", "", "peer", lambda _subject, _have: FixedAnswer(mark, instead))
    return compare(SUBJECT, {"fixer": method}, IMAGES, MARKED, DEFENDER, 0.01)


@pytest.mark.parametrize(("mark", "instead"), [(9, 2), (0, REFUSED), (5, 1)])
def test_as_many_inputs_are_behind_a_figure_as_it_says(mark: int, instead: int) -> None:
    compared = _compared(mark, instead)
    figures = compared.runs[0].defences["fixer"]
    attack = figures.attacks["marked"]
    sizes = {name: len(some) for name, some in compared.outcomes("fixer", "marked").items()}
    counts, clean = (
        {name.removeprefix(start): size for name, size in sizes.items() if name.startswith(start)}
        for start in ("attacked: ", "clean: ")
    )
    assert counts["still the attacker's class"] == round(attack.rates["asr_after"].value * attack.n)
    assert counts["right again"] == round(attack.rates["recovery"].value * attack.n)
    assert counts["not flagged"] == round((1 - attack.rates["tpr_per_input"].value) * attack.n)
    assert sum(count for name, count in counts.items() if name != "not flagged") == attack.n
    assert clean["flagged without a trigger"] == round(figures.rates["fpr_per_input"].value * 6)
    assert clean["answer changed"] == round(figures.rates["changed"].value * 6)
    lost = clean["right before, wrong after"] - clean["wrong before, right after"]
    assert lost == round(figures.rates["clean_accuracy_drop"].value * 6)


def test_nothing_is_said_about_flags_of_what_detects_nothing() -> None:
    compared = _compared(9, 2)
    for condition in ("attacked: ", "clean: "):
        named, every = (
            {name for name in compared.outcomes(defence, "marked") if name.startswith(condition)}
            for defence in ("no-fix", "fixer")
        )
        assert named < every
        assert not [name for name in named if "flagged" in name]


def test_an_input_says_what_became_of_it() -> None:
    one = _compared(9, 2).outcomes("fixer", "marked")["attacked: right again"][0]
    assert (one.truth, one.before, one.after, one.flagged) == (2, 3, 2, True)
    assert class_name(one.after, SUBJECT.labels) == "c"
    assert class_name(REFUSED, SUBJECT.labels) == "no answer"


def test_classes_leave_out_what_can_t_be_attacked() -> None:
    compared = _compared(9, 2)
    assert isinstance(compared.trial, AttackTrial)
    before, after = ((compared.answers[name][CLEAN], compared.answers[name]["marked"]) for name in ("no-fix", "fixer"))
    figures = per_class(IMAGES, compared.trial.attacks["marked"], before, after, SUBJECT.labels)
    found = {one.label: one for one in figures}
    assert [one.n for one in found.values()] == [1, 1, 2, 2]
    assert (found["c"].asr_before, found["c"].asr_after, found["c"].recovery) == (1, 0, 1)
    assert found["d"].asr_before != found["d"].asr_before  # NaN: the attacker's own class
    assert found["d"].accuracy_before == 0.5
