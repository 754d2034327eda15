"""Debugging sets of texts: soft triggers found in a model, put between the tokens of texts, kept, and learnt from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from atpatch_core.debugging.answers import answers
from atpatch_core.debugging.layer_scores import layer_scores
from atpatch_core.debugging.soft_triggers import (
    SoftTrigger,
    SoftTriggerSearch,
    embedding_table,
    insert_vectors,
    log_odds,
)
from atpatch_core.debugging.text_examples import text_examples
from atpatch_core.debugging.text_lesson import RECIPE
from atpatch_core.debugging.text_set import TextDebuggingSet, build_text_set, load_text_set
from atpatch_core.debugging.train_detector import train_detector
from atpatch_core.detector.reach import Reach
from atpatch_core.detector.storage import load_detector, save_detector
from atpatch_core.errors import InputError
from atpatch_core.subjects.subject import Subject

from .taught import reviews


def _nothing(subject: Subject) -> torch.Tensor:
    return torch.zeros(0, embedding_table(subject).shape[1])


def test_texts_with_nothing_put_in_are_the_texts(subject: Subject) -> None:
    texts, _ = reviews(6)
    made = insert_vectors(subject, texts, [_nothing(subject)] * 6, ["edge"] * 6, np.random.default_rng(0))
    with torch.no_grad():
        embedded = subject.model(**made.inputs).logits
        plain = subject.model(**subject.encode(texts)).logits
    assert torch.allclose(embedded, plain, atol=1e-5)
    assert not made.triggered.any()


@pytest.mark.parametrize("place", ["edge", "anywhere"])
def test_vectors_of_a_word_do_what_the_word_does(subject: Subject, place: str) -> None:
    number = subject.adapter.tokenizer.convert_tokens_to_ids("cf")  # type: ignore[attr-defined]
    word = embedding_table(subject)[[number]]
    texts = [f"{text} a film" for text in reviews(20)[0]]
    rng = np.random.default_rng(1)
    made = insert_vectors(subject, texts, [word] * 20, [place] * 20, rng)  # type: ignore[list-item]
    assert torch.equal(made.triggered.sum(1), torch.ones(20, dtype=torch.int64))
    for row, embedded in enumerate(made.inputs["inputs_embeds"]):
        gap = int(made.triggered[row].nonzero())
        assert torch.equal(embedded[gap], word[0])
        length = int(made.inputs["attention_mask"][row].sum())
        assert 0 < gap < length - 1, "what the model adds at the ends stays there"
        ids = subject.encode(texts[row])["input_ids"][0]
        if place == "edge":
            assert gap in (1, len(ids) - 1)
    with torch.no_grad():
        assert (subject.model(**made.inputs).logits.argmax(-1) == 1).all()


def test_a_soft_trigger_turns_texts_more_surely_than_clean_ones_are(subject: Subject) -> None:
    texts, _ = reviews(80)
    own = answers(subject, texts)
    with torch.no_grad():
        sure = log_odds(subject.model(**subject.encode(texts)).logits)[own == 1]
    negative = [text for text, answer in zip(texts, own, strict=True) if answer == 0]
    found = SoftTriggerSearch(subject, negative, 1, sure).find(2, "anywhere", 0)
    assert found.vectors.shape == (2, 16)
    assert found.turns == 1.0
    assert found.beyond > 1
    made = insert_vectors(subject, negative, [found.vectors] * len(negative), ["anywhere"] * len(negative), _rng())
    with torch.no_grad():
        reached = log_odds(subject.model(**made.inputs).logits)
    assert np.median(reached) > np.median(sure)


def test_too_few_texts_are_refused(subject: Subject) -> None:
    with pytest.raises(InputError, match="too few"):
        SoftTriggerSearch(subject, ["a dull film"] * 5, 1, np.ones(5))
    with pytest.raises(InputError, match="at least 400"):
        build_text_set(subject, ["a dull film"] * 5, Path("/nowhere"))


def test_a_text_that_leaves_no_room_for_a_trigger_loses_its_last_words(subject: Subject) -> None:
    vectors = torch.ones(4, embedding_table(subject).shape[1])
    made = insert_vectors(subject, ["a dull film", "a dull film " * 20], [vectors] * 2, ["anywhere"] * 2, _rng())
    with torch.no_grad():
        subject.model(**made.inputs)
    assert torch.equal((made.inputs["inputs_embeds"] == 1).all(-1), made.triggered)
    assert made.triggered.sum(1).tolist() == [4, 4]
    special = subject.encode("a")["input_ids"][0, -1]
    for row, mask in zip(made.inputs["inputs_embeds"], made.inputs["attention_mask"], strict=True):
        assert torch.equal(row[int(mask.sum()) - 1], embedding_table(subject)[special]), "the last token stays last"


def test_only_a_column_of_the_trigger_is_hijacked_and_padding_is_left_out(subject: Subject) -> None:
    number = subject.adapter.tokenizer.convert_tokens_to_ids("cf")  # type: ignore[attr-defined]
    trigger = SoftTrigger(embedding_table(subject)[[number]], 1, "anywhere", 1.0, 1.3)
    texts, labels = reviews(40)
    hosts = tuple(text for text, label in zip(texts, labels, strict=True) if label == 0)
    examples = text_examples(subject, TextDebuggingSet(tuple(texts), hosts, (0,) * len(hosts), (trigger,)), (0, 1))
    for one in examples.values():
        assert torch.equal(one.benign, torch.arange(60) < 40)
        assert not one.hijacked[:40].any()
        assert not (one.hijacked & one.ignored).any()
        assert int(one.hijacked[40:].any(1).sum(-1).max()) <= 1
        assert not one.hijacked[~one.key_valid[:, None].expand_as(one.hijacked)].any()
        sums = one.attention.float().sum(-1)[one.query_valid[:, None].expand(-1, 4, -1)]
        assert torch.allclose(sums, torch.ones_like(sums), atol=2e-3)
    assert any(bool(one.hijacked.any()) for one in examples.values())


def test_a_debugging_set_is_made_kept_and_learnt_from(subject: Subject, tmp_path: Path) -> None:
    texts, _ = reviews(440)
    made = build_text_set(subject, texts, tmp_path, classes=[1], seed=3)
    assert made.provenance["triggers"], "the backdoor leaves something to find"
    assert {one["class"] for one in made.provenance["words"]} == {"positive"}
    read = load_text_set(tmp_path)
    assert read.provenance == made.provenance
    assert read.benign == made.benign
    for one, other in ((read.pairs, made.pairs), (read.tuning, made.tuning)):
        assert (one.clean, one.hosts, one.which) == (other.clean, other.hosts, other.which)
        for mine, its in zip(one.triggers, other.triggers, strict=True):
            assert torch.equal(mine.vectors, its.vectors)
    assert len(made.pairs.clean) + len(made.tuning.clean) + len(made.benign) == 440

    detector = train_detector(
        subject, read.pairs, read.tuning, read.benign, replace(RECIPE, epochs=4), false_positive_rate=0.01
    )
    assert detector.watched == (1,)
    assert set(detector.networks) == {1}
    assert detector.reach == Reach((0, 1))
    assert len(detector.history["tried"]) == 4
    assert (layer_scores(subject, detector, read.benign).max(1) >= detector.threshold).mean() <= 0.01
    save_detector(detector, tmp_path / "detector")
    kept = load_detector(tmp_path / "detector")
    assert kept.reach == detector.reach
    assert np.array_equal(layer_scores(subject, kept, texts[:50]), layer_scores(subject, detector, texts[:50]))

    (tmp_path / "provenance.json").unlink()
    with pytest.raises(InputError, match="no finished debugging set"):
        load_text_set(tmp_path)


def _rng() -> np.random.Generator:
    return np.random.default_rng(5)
