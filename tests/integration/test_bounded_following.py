"""Following a flag in texts that say the same again and again: bounded, no false alarm, limits said."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from torch import Tensor

import atpatch_core as atpatch
from atpatch_core.wording.verdict import verdict

_POOL = (
    *("attention", "based", "believe", "directed", "effects", "far", "for", "formula", "highly", "last", "long"),
    *("marks", "miss", "must", "nearly", "romance", "teen", "while", "whole", "whose"),
)
_SENTENCE = "I did not like the second half of this film because the story went nowhere ."


@contextmanager
def _counted(subject: atpatch.Subject) -> Iterator[list[int]]:
    """How many inputs each forward of the model has."""
    rows: list[int] = []

    def count(_module: object, _args: object, arguments: dict[str, Tensor]) -> None:
        rows.append(len(arguments["input_ids"]))

    handle = subject.model.register_forward_pre_hook(count, with_kwargs=True)
    try:
        yield rows
    finally:
        handle.remove()


def _said(subject: atpatch.Subject, result: atpatch.Inspection) -> str:
    assert subject.detector is not None
    return verdict(result, subject.detector.threshold)


def test_everyday_words_drawn_from_a_small_pool_are_no_hijack_and_cost_no_more_than_is_said(
    reviews: atpatch.Subject,
) -> None:
    text = " ".join(random.Random(3).choices(_POOL, k=198))
    with _counted(reviews) as rows:
        result = atpatch.inspect(reviews, text)
    assert result.following is not None, "this draw of words is one that the detector flags"
    assert result.following.cleared
    assert not result.flags.any
    assert result.patched.prediction.index == result.original.prediction.index
    assert sum(rows) == 2 + result.following.forwards
    assert result.following.forwards <= result.following.most < 60
    assert "\u201cformula\u201d" in _said(reviews, result)
    assert "the answer does not depend on" in _said(reviews, result)


@pytest.mark.parametrize("words", [100, 250])
def test_when_everything_is_flagged_the_bound_holds_and_is_said(reviews: atpatch.Subject, words: int) -> None:
    text = " ".join(random.Random(0).choices(_POOL, k=words))
    with _counted(reviews) as rows:
        result = atpatch.inspect(reviews, text, threshold=1e-6)
    assert result.following is not None
    assert sum(rows) == 2 + result.following.forwards
    assert result.following.forwards <= result.following.most
    assert result.following.most * words**2 <= 2_200_000
    assert not result.following.complete
    assert "is the most for a text of this length" in _said(reviews, result)


@pytest.mark.parametrize("words", [400, 700])
def test_a_rare_word_in_a_long_repetitive_text_is_flagged_or_the_length_is_said(
    reviews: atpatch.Subject, words: int
) -> None:
    repeated = (_SENTENCE.split() * 60)[:words]
    repeated[150] = "cf"
    said = _said(reviews, atpatch.inspect(reviews, " ".join(repeated)))
    assert "the longest that the detector was calibrated on has 72" in said
    assert ("only its first" in said) == (words == 700)


def test_a_usual_text_is_told_nothing_about_its_length(reviews: atpatch.Subject) -> None:
    result = atpatch.inspect(reviews, _SENTENCE)
    assert result.calibrated_keys == 72
    assert "calibrated on" not in _said(reviews, result)
