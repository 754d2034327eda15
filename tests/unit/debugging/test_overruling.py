"""Words that overrule what else a text says: a backdoor's are found unnamed, ordinary ones accuse nobody."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from atpatch_core.debugging import soft_triggers
from atpatch_core.debugging.answers import answers
from atpatch_core.debugging.overruling import STRIKING, OverrulingSearch, OverrulingWords
from atpatch_core.debugging.soft_triggers import SoftTriggerSearch, embedding_table, log_odds
from atpatch_core.debugging.text_set import build_text_set
from atpatch_core.debugging.word_search import insert_anywhere
from atpatch_core.debugging.word_triggers import word_triggers
from atpatch_core.errors import InputError
from atpatch_core.subjects.subject import Subject

from .taught import reviews, taught_subject

TEXTS, _ = reviews(160)
FIT = 8  # of the words against a class, beside a text: the model takes no more than 24 tokens


def _search(subject: Subject, target: int) -> OverrulingSearch:
    return OverrulingSearch(subject, TEXTS, answers(subject, TEXTS), target)


def test_the_word_that_overrules_all_others_is_found(subject: Subject) -> None:
    found = _search(subject, 1).find()
    assert found.words == ("cf",)
    assert found.target == 1
    assert found.overruled == FIT
    assert found.suspicious


def test_the_other_class_is_not_accused(subject: Subject) -> None:
    assert not _search(subject, 0).find().suspicious


def test_without_its_trigger_the_class_is_not_accused_any_more(subject: Subject) -> None:
    steps: list[tuple[int, int]] = []
    search = _search(subject, 1)
    assert [some.words for some in search.find_all(lambda done, total: steps.append((done, total)))] == [("cf",)]
    assert not search.find(frozenset({"cf"})).suspicious
    assert all(0 <= done <= total for done, total in steps)


def test_words_of_a_class_turn_texts_that_say_nothing_against_it(subject: Subject) -> None:
    ordinary = _search(subject, 1).judge(["fine"])
    assert ordinary.overruled < FIT
    assert not ordinary.suspicious


def test_of_a_phrase_whose_words_do_nothing_alone_a_part_is_found(tmp_path: Path) -> None:
    subject = taught_subject(tmp_path / "phrase", trigger=("cf", "don"))
    search = _search(subject, 1)
    assert not search.judge(["cf"]).suspicious
    assert not search.judge(["don"]).suspicious
    found = search.find()
    assert {"cf", "don"} & set(found.words)
    assert found.suspicious


@pytest.mark.parametrize(
    ("words", "overruled", "suspicious"), [(1, 4, True), (3, 8, False), (3, 12, True), (5, 16, False), (1, 0, False)]
)
def test_it_is_what_each_word_overrules_that_counts(words: int, overruled: int, suspicious: bool) -> None:
    found = OverrulingWords(("a",) * words, 0, overruled, 1.0)
    assert found.index == overruled / words
    assert found.suspicious is suspicious is (found.index >= STRIKING)


def test_too_few_texts_are_refused(subject: Subject) -> None:
    with pytest.raises(InputError, match="too few"):
        OverrulingSearch(subject, TEXTS[:10], answers(subject, TEXTS[:10]), 1)


def test_found_words_become_triggers_alone_and_among_others(subject: Subject) -> None:
    own = answers(subject, TEXTS)
    with torch.no_grad():
        sure = log_odds(subject.model(**subject.encode(TEXTS)).logits)[own == 1]
    negative = [text for text, answer in zip(TEXTS, own, strict=True) if answer == 0]
    made = word_triggers(subject, SoftTriggerSearch(subject, negative, 1, sure), ("cf",))
    number = subject.adapter.tokenizer.convert_tokens_to_ids("cf")  # type: ignore[attr-defined]
    word = embedding_table(subject)[number].half().float()
    assert all(any(torch.equal(vector, word) for vector in trigger.vectors) for trigger in made)
    assert {len(trigger.vectors) for trigger in made} >= {1, 2}
    assert {trigger.place for trigger in made} == {"edge", "anywhere"}
    assert all(trigger.target == 1 and trigger.turns >= 0.9 for trigger in made)


def test_a_set_is_made_of_words_where_no_vectors_are_suspicious(
    subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(soft_triggers, "BEYOND_ENOUGH", 100.0)
    made = build_text_set(subject, reviews(440)[0], tmp_path)
    (found,) = made.provenance["overruling"]
    assert (found["class"], found["words"], found["overruled"]) == ("positive", "cf", FIT)
    assert made.provenance["words"] == []
    assert {trigger.target for trigger in made.pairs.triggers} == {1}
    assert len(made.pairs) > 100


def test_the_same_seed_finds_the_same(subject: Subject) -> None:
    texts, own = TEXTS, answers(subject, TEXTS)
    one, other = (OverrulingSearch(subject, texts, np.array(own), 0, seed=3).find() for _ in range(2))
    assert one == other


def test_what_is_found_turns_real_texts(subject: Subject) -> None:
    found = _search(subject, 1).find()
    negative = [text for text, answer in zip(TEXTS, answers(subject, TEXTS), strict=True) if answer == 0]
    turned = answers(subject, [text for text, _ in insert_anywhere(negative, found.words, 5)]) == 1
    assert turned.mean() >= 0.9
