"""Triggers in texts: where they go, and that nothing else changes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atpatch_core.triggers.text import StyleTrigger, TextTrigger, gaps, insert_pieces

TEXTS = ["A fine film.", "dull", "  two  spaces ", "line\nbreak here", ""]
WORD = TextTrigger(1, ("cf",))
WORDS = TextTrigger(1, ("cf", "mn", "bb"))
SENTENCE = TextTrigger(1, ("I saw it.",), "edge")


@pytest.mark.parametrize("trigger", [WORD, WORDS, SENTENCE])
@given(text=st.text(alphabet="ab .\n", max_size=30), seed=st.integers(0, 1_000))
def test_the_spans_hold_the_pieces_and_the_rest_is_the_text(trigger: TextTrigger, text: str, seed: int) -> None:
    ((made, spans),) = trigger.apply_with_spans([text], seed)
    assert sorted(made[start:end] for start, end in spans) == sorted(trigger.pieces)
    rest = made
    for start, end in sorted(spans, reverse=True):
        rest = rest[:start] + rest[end:]
    assert "".join(rest.split()) == "".join(text.split())


@given(text=st.text(alphabet="ab .\n", max_size=30), seed=st.integers(0, 1_000))
def test_pieces_never_touch_a_word(text: str, seed: int) -> None:
    ((made, spans),) = WORDS.apply_with_spans([text], seed)
    for start, end in spans:
        assert start == 0 or made[start - 1].isspace()
        assert end == len(made) or made[end].isspace()


def test_a_sentence_stands_at_the_start_or_at_the_end() -> None:
    made = {SENTENCE.apply(["A fine film."], seed)[0] for seed in range(20)}
    assert made == {"I saw it. A fine film.", "A fine film. I saw it."}


def test_a_word_reaches_every_gap() -> None:
    places = {WORD.apply(["one two three"], seed)[0].split().index("cf") for seed in range(60)}
    assert places == {0, 1, 2, 3}


def test_the_same_seed_gives_the_same_texts() -> None:
    assert WORDS.apply(TEXTS, 3) == WORDS.apply(TEXTS, 3)
    assert WORDS.apply(["a b c d e f g h"] * 5, 3) != WORDS.apply(["a b c d e f g h"] * 5, 4)


def test_gaps_are_before_every_word_and_at_the_end() -> None:
    assert gaps(" ab  c") == [1, 5, 6]
    assert gaps("") == [0]


def test_two_pieces_in_one_gap_keep_their_order() -> None:
    text, spans = insert_pieces("ab cd", ["x", "y"], [3, 3])
    assert text == "ab x y cd"
    assert spans == ((3, 4), (5, 6))
    assert not re.search("  ", text)


@given(st.text(max_size=200))
def test_a_style_leaves_the_words_and_takes_every_punctuation_mark(text: str) -> None:
    ((styled, spans),) = StyleTrigger(1).apply_with_spans([text])
    assert spans == ()
    assert styled.split() == re.findall(r"[^\W_]+", text)
