"""Defences on texts beside each other: attacks made, every defence asked, figures and what is behind them."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from atpatch_core.debugging.answers import answers
from atpatch_core.detector.known import KnownColumns
from atpatch_core.errors import InputError
from atpatch_core.evaluation.choosing import chosen
from atpatch_core.evaluation.comparison import Comparison, compare
from atpatch_core.evaluation.comparison_report import comparison_as_csv, sentence
from atpatch_core.evaluation.defences.catalogue import TEXT_DEFENCES
from atpatch_core.evaluation.defences.contract import REFUSED, Answers, DefenderData, Suspects
from atpatch_core.evaluation.defences.z_score_by_role import z_score_by_role
from atpatch_core.evaluation.evaluate import apply_trigger
from atpatch_core.evaluation.labelled import drawn
from atpatch_core.evaluation.text_attacks import with_text_variations
from atpatch_core.evaluation.text_data import LabelledTexts
from atpatch_core.evaluation.trial import CLEAN
from atpatch_core.subjects.subject import Subject
from atpatch_core.triggers.patch import PatchTrigger
from atpatch_core.triggers.text import TextTrigger

from ..debugging.taught import reviews, taught_subject

_WORD = TextTrigger(1, ("cf",))


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    return taught_subject(tmp_path_factory.mktemp("taught"))


@pytest.fixture(scope="module")
def comparison(subject: Subject) -> Comparison:
    return _compared(subject, LabelledTexts(*reviews(200)), word=_WORD, nothing=TextTrigger(1, ("dull",)))


def _compared(subject: Subject, texts: LabelledTexts, names: str = "all", **triggers: TextTrigger) -> Comparison:
    attacks = {name: partial(apply_trigger, trigger) for name, trigger in triggers.items()}
    return compare(subject, chosen(names, TEXT_DEFENCES, "defence"), texts, attacks)


def _answers(name: str, subject: Subject, have: DefenderData, texts: list[str]) -> Answers:
    suspects = Suspects(texts, [()] * len(texts), np.zeros(len(texts), dtype=np.int64))
    return TEXT_DEFENCES[name].prepare(subject, have).predict(subject, suspects)


def _having(texts: list[str], false_positive_rate: float, seed: int) -> DefenderData:
    return DefenderData(LabelledTexts(texts, np.zeros(len(texts), dtype=np.int64)), false_positive_rate, seed)


def test_variations_of_a_word_look_like_it_and_a_sentence_has_none() -> None:
    made = with_text_variations({"word": _WORD, "patch": PatchTrigger(target=0)})
    assert set(made) == {"word", "several-words", "homograph"}
    assert made["several-words"].pieces == ("cf",) * 3
    (alike,) = made["homograph"].pieces
    assert alike != "cf"
    assert len(alike) == 2
    assert not alike.isascii()
    sentence = TextTrigger(1, ("I saw it.",), "edge")
    assert with_text_variations({"sentence": sentence}) == {"sentence": sentence}


def test_the_oracle_undoes_the_trigger_and_no_fix_does_not(comparison: Comparison) -> None:
    before, bound = (comparison.runs[0].defences[name].attacks["word"] for name in ("no-fix", "oracle"))
    assert before.rates["asr_after"].value == 1.0
    assert bound.rates["asr_after"].value < 0.5
    assert bound.rates["tpr_per_input"].value == 1.0
    assert comparison.runs[0].defences["oracle"].rates["clean_accuracy_drop"].value == 0.0


def test_a_subject_without_detector_can_be_compared_all_the_same(comparison: Comparison) -> None:
    assert set(comparison.unavailable) == {"atpatch", "random-words"}
    assert set(comparison.runs[0].defences) == {"no-fix", "oracle", "z-score", "token-masking", "strip"}
    verdict = sentence(comparison, "word")
    assert verdict.startswith("word turns 100.0 % of the texts into the attacker's class.")
    assert "The best other defence" in verdict
    assert "nothing to repair" in sentence(comparison, "nothing")


def test_every_figure_can_be_counted_from_the_answers(comparison: Comparison) -> None:
    for name, figures in comparison.runs[0].defences.items():
        found = comparison.answers[name]
        if name == "no-fix":
            assert np.isnan(figures.rates["fpr_per_input"].value)
        else:
            assert figures.rates["fpr_per_input"].value == found[CLEAN].flagged.mean()
        others = comparison.trial.judged.labels != 1
        assert figures.attacks["word"].rates["asr_after"].value == (found["word"].labels[others] == 1).mean()
    refused = comparison.answers["strip"]["word"]
    assert (refused.labels[refused.flagged] == REFUSED).all()
    rows = list(csv.DictReader(io.StringIO(comparison_as_csv(comparison))))
    assert len(rows) == 2 * len(comparison.runs[0].defences)
    assert float(rows[0]["asr_after"]) == 1.0
    assert rows[0]["tpr_per_input"] == ""


def test_the_same_texts_get_the_same_answers(subject: Subject) -> None:
    texts, _ = reviews(120)
    have = _having(texts[:60], 0.05, 3)
    for name in ("z-score", "token-masking", "strip"):
        one, other = (_answers(name, subject, have, texts[60:]) for _ in range(2))
        assert np.array_equal(one.labels, other.labels), name
        assert one.scores is not None
        assert other.scores is not None
        assert np.allclose(one.scores, other.scores), name


def test_random_words_are_as_many_as_atpatch_flags(subject: Subject) -> None:
    nothing = KnownColumns(2, {1: torch.zeros(1, 4, 1, dtype=torch.bool)})
    texts, _ = reviews(20)
    answered = _answers("random-words", replace(subject, detector=nothing), _having(texts, 0.05, 0), texts)
    assert not answered.flagged.any()
    assert np.array_equal(answered.labels, answers(subject, texts))


def test_random_words_seem_to_detect_nothing(subject: Subject) -> None:
    detector = z_score_by_role(subject, _having(reviews(100)[0], 0.05, 0))
    compared = _compared(replace(subject, detector=detector), LabelledTexts(*reviews(200)), "random-words", word=_WORD)
    placebo = compared.runs[0].defences["random-words"]
    assert np.isnan([placebo.rates["fpr_per_input"].value, placebo.attacks["word"].rates["tpr_per_input"].value]).all()


def test_z_scores_flag_no_more_clean_texts_than_wanted(subject: Subject) -> None:
    texts, _ = reviews(400)
    detector = z_score_by_role(subject, _having(texts[:200], 0.05, 0))
    answered = _answers("atpatch", replace(subject, detector=detector), _having(texts, 0.05, 0), texts[200:])
    assert answered.flagged.mean() < 0.15


def test_too_few_texts_are_refused(subject: Subject, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="too few"):
        _compared(subject, LabelledTexts(*reviews(20)), word=_WORD)


def test_some_texts_of_a_sorted_file_are_of_every_class() -> None:
    texts = LabelledTexts([str(number) for number in range(200)], np.repeat([0, 1], 100))
    some = drawn(texts, 50)
    assert 10 < some.labels.sum() < 40
    assert [int(one) // 100 for one in some.inputs] == some.labels.tolist()
    assert drawn(texts, 50).inputs == some.inputs
