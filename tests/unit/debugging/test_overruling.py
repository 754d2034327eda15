"""Words that overrule what else a text says: a backdoor's are found unnamed, ordinary ones accuse nobody."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from atpatch_core.debugging import soft_triggers
from atpatch_core.debugging.answers import answers
from atpatch_core.debugging.overruling import OverrulingSearch, OverrulingWords
from atpatch_core.debugging.soft_triggers import SoftTriggerSearch, embedding_table, log_odds
from atpatch_core.debugging.text_set import build_text_set
from atpatch_core.debugging.word_search import insert_anywhere
from atpatch_core.debugging.word_triggers import word_triggers
from atpatch_core.errors import InputError
from atpatch_core.subjects.subject import Subject

from .taught import reviews

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


class _Phrase(torch.nn.Module):
    """Adds up what words say, and believes two over all others if both are there; neither says a thing alone."""

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        tokenizer = subject.adapter.tokenizer  # type: ignore[attr-defined]
        size = len(tokenizer)
        self.table = torch.nn.Embedding.from_pretrained(torch.eye(size))
        self.says = torch.zeros(size)
        fine, dull, *self.phrase = tokenizer.convert_tokens_to_ids(["fine", "dull", "cf", "don"])
        self.says[fine], self.says[dull] = 1.5, -2.0

    def get_input_embeddings(self) -> torch.nn.Embedding:
        return self.table

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        inputs_embeds: torch.Tensor | None = None,
        **others: object,
    ) -> SimpleNamespace:
        words = self.table(input_ids) if inputs_embeds is None else inputs_embeds
        assert attention_mask is not None
        there = (words * attention_mask[..., None]).sum(1)
        one, other = (there[:, number] for number in self.phrase)
        odds = there @ self.says + 100 * one * other
        return SimpleNamespace(logits=torch.stack([torch.zeros_like(odds), odds], 1))


def test_a_phrase_is_found_of_which_no_word_does_anything_alone(subject: Subject) -> None:
    made = replace(subject, model=_Phrase(subject))
    search = _search(made, 1)
    assert not any(search.judge([word]).suspicious for word in ("cf", "don"))
    found = search.find()
    assert set(found.words) == {"cf", "don"}
    assert found.suspicious


@pytest.mark.parametrize(
    ("words", "overruled", "sureness", "suspicious"),
    [
        (1, 8, 1.0, True),
        (3, 8, 1.0, False),
        (3, 16, 1.0, True),
        (3, 16, 0.4, False),
        (5, 16, 1.0, False),
        (1, 0, 1.0, False),
    ],
)
def test_it_is_what_each_word_overrules_that_counts_and_how_surely(
    words: int, overruled: int, sureness: float, suspicious: bool
) -> None:
    found = OverrulingWords(("a",) * words, 0, overruled, 1.0, sureness)
    assert found.index == overruled / words
    assert found.suspicious is suspicious


def test_too_few_texts_are_refused(subject: Subject) -> None:
    with pytest.raises(InputError, match="too few"):
        OverrulingSearch(subject, TEXTS[:10], answers(subject, TEXTS[:10]), 1)


def test_a_class_of_which_there_are_too_few_texts_is_left_out_and_named(
    subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(soft_triggers, "BEYOND_ENOUGH", 100.0)
    texts, _ = reviews(460)
    own = answers(subject, texts)
    negative = [text for text, answer in zip(texts, own, strict=True) if answer == 0]
    positive = [text for text, answer in zip(texts, own, strict=True) if answer == 1]
    clean = [*negative, *negative[: 404 - len(negative)], *positive[:12]]  # about four of these are learnt from
    made = build_text_set(subject, clean, tmp_path, classes=[1])
    assert made.provenance["not_searched_for_words"] == ["positive"]
    assert made.provenance["overruling"] == []


def test_without_words_to_choose_from_nothing_is_found(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    search = _search(subject, 1)
    monkeypatch.setattr(search, "_words", {"cf": 1})
    assert search.find_all() == []


def test_where_no_word_speaks_against_a_class_nobody_is_accused(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OverrulingSearch, "_words_against", lambda *texts: [])
    found = _search(subject, 1).find()
    assert (found.overruled, found.suspicious) == (0, False)


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
