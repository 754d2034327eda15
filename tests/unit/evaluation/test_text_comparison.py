"""Defences on texts beside each other: attacks made, every defence asked, figures and what is behind them."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from atpatch_core.debugging.answers import answers
from atpatch_core.detector.known import KnownColumns
from atpatch_core.errors import InputError
from atpatch_core.evaluation.comparison import CLEAN
from atpatch_core.evaluation.defences.contract import REFUSED
from atpatch_core.evaluation.text_attacks import with_text_variations
from atpatch_core.evaluation.text_comparison import TextComparison, compare_texts, drawn
from atpatch_core.evaluation.text_comparison_report import text_comparison_as_csv, text_sentence
from atpatch_core.evaluation.text_data import LabelledTexts
from atpatch_core.evaluation.text_defences import CleanTexts, SuspectTexts, text_defences, z_score_by_role
from atpatch_core.subjects.subject import Subject
from atpatch_core.triggers.patch import PatchTrigger
from atpatch_core.triggers.text import TextTrigger

from ..debugging.taught import reviews, taught_subject

_WORD = TextTrigger(1, ("cf",))


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    return taught_subject(tmp_path_factory.mktemp("taught"))


@pytest.fixture(scope="module")
def comparison(subject: Subject) -> TextComparison:
    return compare_texts(subject, LabelledTexts(*reviews(200)), {"word": _WORD, "nothing": TextTrigger(1, ("dull",))})


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


def test_the_oracle_undoes_the_trigger_and_no_fix_does_not(comparison: TextComparison) -> None:
    before, bound = (comparison.figures[name].attacks["word"] for name in ("no-fix", "oracle"))
    assert before.asr_after.value == 1.0
    assert bound.asr_after.value < 0.5
    assert bound.tpr_per_input.value == 1.0
    assert comparison.figures["oracle"].clean_accuracy_drop.value == 0.0


def test_a_subject_without_detector_can_be_compared_all_the_same(comparison: TextComparison) -> None:
    assert set(comparison.unavailable) == {"atpatch", "random-words"}
    assert set(comparison.figures) == {"no-fix", "oracle", "z-score", "token-masking", "strip"}
    told = text_sentence(comparison, "word")
    assert told.startswith("word turns 100.0 % of the texts into the attacker's class.")
    assert "The best other defence" in told
    assert "nothing to repair" in text_sentence(comparison, "nothing")


def test_every_figure_can_be_counted_from_the_answers(comparison: TextComparison) -> None:
    for name, figures in comparison.figures.items():
        found = comparison.answers[name]
        if name == "no-fix":
            assert np.isnan(figures.fpr_per_input.value)
        else:
            assert figures.fpr_per_input.value == found[CLEAN].flagged.mean()
        others = comparison.data.labels != 1
        assert figures.attacks["word"].asr_after.value == (found["word"].labels[others] == 1).mean()
    refused = comparison.answers["strip"]["word"]
    assert (refused.labels[refused.flagged] == REFUSED).all()
    rows = list(csv.DictReader(io.StringIO(text_comparison_as_csv(comparison))))
    assert len(rows) == 2 * len(comparison.figures)
    assert float(rows[0]["asr_after"]) == 1.0
    assert rows[0]["tpr_per_input"] == ""


def test_the_same_texts_get_the_same_answers(subject: Subject) -> None:
    texts, _ = reviews(120)
    have = CleanTexts(texts[:60], 0.05, 3)
    some = SuspectTexts(texts[60:], [()] * 60)
    for name in ("z-score", "token-masking", "strip"):
        one, other = (text_defences(subject, have)[name]()(some) for _ in range(2))
        assert np.array_equal(one.labels, other.labels), name
        assert one.scores is not None
        assert other.scores is not None
        assert np.allclose(one.scores, other.scores), name


def test_random_words_are_as_many_as_atpatch_flags(subject: Subject) -> None:
    nothing = KnownColumns(2, {1: torch.zeros(1, 4, 1, dtype=torch.bool)})
    texts, _ = reviews(20)
    found = text_defences(replace(subject, detector=nothing), CleanTexts(texts, 0.05, 0))["random-words"]()
    told = found(SuspectTexts(texts, [()] * 20))
    assert not told.flagged.any()
    assert np.array_equal(told.labels, answers(subject, texts))


def test_random_words_seem_to_detect_nothing(subject: Subject) -> None:
    detector = z_score_by_role(subject, CleanTexts(reviews(100)[0], 0.05, 0))
    compared = compare_texts(
        replace(subject, detector=detector), LabelledTexts(*reviews(200)), {"word": _WORD}, defences=["random-words"]
    )
    placebo = compared.figures["random-words"]
    assert np.isnan([placebo.fpr_per_input.value, placebo.attacks["word"].tpr_per_input.value]).all()


def test_z_scores_flag_no_more_clean_texts_than_wanted(subject: Subject) -> None:
    texts, _ = reviews(400)
    detector = z_score_by_role(subject, CleanTexts(texts[:200], 0.05, 0))
    told = text_defences(replace(subject, detector=detector), CleanTexts(texts, 0.05, 0))["atpatch"]()
    assert told(SuspectTexts(texts[200:], [()] * 200)).flagged.mean() < 0.15


def test_too_few_texts_are_refused(subject: Subject, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="too few"):
        compare_texts(subject, LabelledTexts(*reviews(20)), {"word": _WORD})


def test_some_texts_of_a_sorted_file_are_of_every_class() -> None:
    texts = LabelledTexts([str(number) for number in range(200)], np.repeat([0, 1], 100))
    some = drawn(texts, 50)
    assert 10 < some.labels.sum() < 40
    assert [int(one) // 100 for one in some.texts] == some.labels.tolist()
    assert drawn(texts, 50).texts == some.texts
