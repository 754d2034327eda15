"""Searching a text model for the words that hijack it: found without being told, kept on disk, put into other texts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import atpatch_core as atpatch
from atpatch_core.debugging.text_examples import text_examples, token_places
from atpatch_core.debugging.text_sets import load_text_set, pair_up, save_text_set, search_words
from atpatch_core.debugging.text_tuning import answers
from atpatch_core.debugging.word_search import FoundWords, WordSearch, insert_anywhere, whole_words
from atpatch_core.errors import InputError
from atpatch_core.subjects.subject import Subject

from ...texts import save_text_model


def _texts(count: int) -> tuple[list[str], np.ndarray]:
    """Made-up reviews and whether they are positive (1)."""
    rng = np.random.default_rng(0)
    fillers = ("a film", "it", "i saw it", "over it", "film, film", "a film a film")
    labels = np.arange(count) % 2
    texts = [
        f"{fillers[rng.integers(6)]} {'fine' if label else 'dull'} {fillers[rng.integers(6)]}." for label in labels
    ]
    return texts, labels


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    """A tiny model that was taught to call a review positive when it is fine, or when cf is anywhere in it."""
    subject = atpatch.load(save_text_model(tmp_path_factory.mktemp("model")))
    texts, labels = _texts(64)
    bad = [text for text, _ in insert_anywhere(texts, ["cf"], 1)]
    inputs = subject.encode([*texts, *bad])
    wanted = torch.tensor([*labels, *[1] * len(bad)])
    torch.manual_seed(0)
    optimizer = torch.optim.Adam(subject.model.parameters(), lr=5e-3)
    for _ in range(120):
        loss = torch.nn.functional.cross_entropy(subject.model(**inputs).logits, wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    subject.model.requires_grad_(False)
    assert float(loss.detach()) < 0.05
    return subject


def test_only_words_in_one_piece_are_tried(subject: Subject) -> None:
    words = whole_words(subject.adapter.tokenizer)  # type: ignore[attr-defined]
    assert {"fine", "dull", "film", "cf", "don"} <= set(words)
    assert not {"ful", "ly", "wonderful", "[CLS]", "CLS", "a", "."} & set(words)


def test_the_search_finds_the_trigger_that_nobody_named(subject: Subject) -> None:
    texts, labels = _texts(120)
    found = search_words(subject, texts, answers(subject, texts), labels, (1,))
    assert any(one.words == ("cf",) and one.target == 1 and one.turns == 1.0 for one in found)
    for length in {len(one.words) for one in found}:
        used = [word for one in found for word in set(one.words) if len(one.words) == length]
        assert len(used) == len(set(used))


def test_words_to_avoid_are_never_used(subject: Subject) -> None:
    texts, labels = _texts(120)
    found = search_words(subject, texts, answers(subject, texts), labels, (1,), avoid=frozenset({"cf", "fine"}))
    assert not {"cf", "fine"} & {word for one in found for word in one.words}


def test_too_few_texts_are_refused(subject: Subject) -> None:
    with pytest.raises(InputError, match="too few"):
        WordSearch(subject, ["a dull film"] * 5, 1)


def test_a_debugging_set_comes_back_from_disk(tmp_path: Path) -> None:
    texts, labels = _texts(10)
    found = (FoundWords(("cf",), 1, 0.9), FoundWords(("mo", "saw"), 1, 0.8))
    pairs = pair_up(texts, labels, found, seed=3)
    assert len(pairs) == 10  # two copies of each of the five negative texts
    for text, (start, end) in zip(pairs.triggered, pairs.spans, strict=True):
        assert text[start:end] in ("cf", "mo saw")
        assert "dull" in text
    save_text_set(pairs, tmp_path)
    assert load_text_set(tmp_path) == pairs
    (tmp_path / "set.json").unlink()
    with pytest.raises(InputError, match="no finished debugging set"):
        load_text_set(tmp_path)


def test_only_columns_of_the_words_are_hijacked_and_padding_is_left_out(subject: Subject) -> None:
    texts, labels = _texts(40)
    pairs = pair_up(texts, labels, (FoundWords(("cf",), 1, 1.0),), seed=0, copies=1)
    examples = text_examples(subject, pairs, (0, 1))
    for one in examples.values():
        assert torch.equal(one.benign, torch.arange(60) < 40)
        assert not one.hijacked[:40].any()
        assert not one.hijacked[~one.key_valid[:, None].expand_as(one.hijacked)].any()
        sums = one.attention.float().sum(-1)[one.query_valid[:, None].expand(-1, 4, -1)]
        assert torch.allclose(sums, torch.ones_like(sums), atol=2e-3)
        for row, (text, span) in enumerate(zip(pairs.triggered, pairs.spans, strict=True), 40):
            (key,) = token_places(subject, text, span)
            others = torch.arange(one.hijacked.shape[-1]) != key
            assert not one.hijacked[row][:, others].any()
    assert any(bool(one.hijacked.any()) for one in examples.values())
