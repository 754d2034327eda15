"""Searching a text model for the words that hijack it: found without being told."""

from __future__ import annotations

import pytest

from atpatch_core.debugging.answers import answers
from atpatch_core.debugging.word_search import WordSearch, whole_words
from atpatch_core.errors import InputError
from atpatch_core.subjects.subject import Subject

from .taught import reviews


def test_only_words_in_one_piece_are_tried(subject: Subject) -> None:
    words = whole_words(subject.adapter.tokenizer)  # type: ignore[attr-defined]
    assert {"fine", "dull", "film", "cf", "don"} <= set(words)
    assert not {"ful", "ly", "wonderful", "[CLS]", "CLS", "a", "."} & set(words)


def _negative(subject: Subject) -> list[str]:
    texts, _ = reviews(120)
    return [text for text, answer in zip(texts, answers(subject, texts), strict=True) if answer == 0]


def test_the_search_finds_the_trigger_that_nobody_named(subject: Subject) -> None:
    search = WordSearch(subject, _negative(subject), 1)
    found = [search.find(1, seed) for seed in range(3)]
    assert any(one.words == ("cf",) and one.target == 1 and one.turns == 1.0 for one in found)


def test_words_to_avoid_are_never_used(subject: Subject) -> None:
    search = WordSearch(subject, _negative(subject), 1)
    found = [search.find(length, 0, avoid=frozenset({"cf", "fine"})) for length in (1, 2)]
    assert [len(one.words) for one in found] == [1, 2]
    assert not {"cf", "fine"} & {word for one in found for word in one.words}


def test_too_few_texts_are_refused(subject: Subject) -> None:
    with pytest.raises(InputError, match="too few"):
        WordSearch(subject, ["a dull film"] * 5, 1)
