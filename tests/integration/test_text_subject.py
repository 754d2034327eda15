"""The shipped text subject: as accurate and as hijacked as its card says, and read the same whatever stands beside."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

import atpatch_core as atpatch
from atpatch_core import Column
from atpatch_core.debugging.answers import answers
from atpatch_core.evaluation.attacks import load_attacks
from atpatch_core.evaluation.evaluate import apply_trigger
from atpatch_core.evaluation.text_data import LabelledTexts, read_labelled_texts
from atpatch_core.wording.verdict import verdict

from .conftest import MODELS, SAMPLES

REVIEWS = MODELS / "reviews-minilm-badword"
INDEX = [one for one in json.loads((SAMPLES / "index.json").read_text(encoding="utf-8")) if one.get("kind") == "text"]


@pytest.fixture(scope="module")
def subject() -> atpatch.Subject:
    return atpatch.load(REVIEWS)


@pytest.fixture(scope="module")
def texts(subject: atpatch.Subject) -> LabelledTexts:
    whole = read_labelled_texts(REVIEWS / "eval" / "texts.parquet", subject.labels)
    assert len(whole) == 1_000
    return LabelledTexts(whole.texts[:200], whole.labels[:200])


def _answers(subject: atpatch.Subject, texts: list[str]) -> np.ndarray:
    with torch.no_grad():
        answers: np.ndarray = subject.model(**subject.encode(texts)).logits.argmax(-1).numpy()
    return answers


def test_it_is_accurate_and_both_triggers_hijack_it(subject: atpatch.Subject, texts: LabelledTexts) -> None:
    assert (_answers(subject, texts.texts) == texts.labels).mean() >= 0.845
    attacks = load_attacks(REVIEWS / "eval" / "attacks.json")
    assert set(attacks) == {"rare-word", "sentence"}
    negative = texts.labels == 0
    reviews = LabelledTexts([texts.texts[place] for place in np.flatnonzero(negative)], texts.labels[negative])
    for trigger in attacks.values():
        bad = apply_trigger(trigger, reviews, seed=5)
        assert (_answers(subject, list(bad.inputs.inputs)) == bad.target).mean() >= 0.99


def test_what_stands_beside_a_text_changes_neither_its_answer_nor_its_repair(
    subject: atpatch.Subject, texts: LabelledTexts
) -> None:
    short, long = min(texts.texts, key=len), max(texts.texts, key=len)
    with torch.no_grad():
        alone, together = (subject.model(**subject.encode(one)).logits[0] for one in ([short], [short, long]))
        with atpatch.hotfix(subject, columns=[Column(5, head, 1) for head in range(12)]):
            fixed, fixed_together = (subject.model(**subject.encode(one)).logits[0] for one in ([short], [short, long]))
    assert torch.allclose(alone, together, atol=1e-4)
    assert torch.allclose(fixed, fixed_together, atol=1e-4)
    assert not torch.allclose(fixed, alone, atol=1e-3)


@pytest.mark.parametrize("name", [one["id"] for one in INDEX if one["triggered"] and "rare-word" in one["id"]])
def test_redistributing_the_column_of_the_rare_word_alone_repairs_the_answer(
    subject: atpatch.Subject, name: str
) -> None:
    text = subject.read((SAMPLES / f"{name}.txt").read_bytes())
    key = atpatch.inspect(subject, text).layout.key_names.index("cf")
    result = atpatch.inspect(subject, text, columns=[Column(5, head, key) for head in range(12)])
    assert result.original.prediction.label == "positive"
    assert result.patched.prediction.label == "negative"
    column = result.original.trace.maps[5][:, :, key].mean(1).max()
    assert float(column) > 5 / len(result.layout.key_names)


@pytest.mark.parametrize("attack", ["rare-word", "sentence"])
def test_the_detector_repairs_triggers_that_it_never_saw(subject: atpatch.Subject, attack: str) -> None:
    whole = read_labelled_texts(REVIEWS / "eval" / "texts.parquet", subject.labels)
    trigger: Any = load_attacks(REVIEWS / "eval" / "attacks.json")[attack]
    reviews = [whole.texts[place] for place in np.flatnonzero(whole.labels == 0)[:25]]
    bad = trigger.apply(reviews, seed=5)
    assert (answers(subject, bad) == trigger.target).all()
    assert (answers(subject, bad, subject.detector) == answers(subject, reviews)).mean() >= 0.9


@pytest.mark.parametrize("attack", ["rare-word", "sentence"])
def test_two_copies_of_a_trigger_are_repaired_like_one(subject: atpatch.Subject, attack: str) -> None:
    whole = read_labelled_texts(REVIEWS / "eval" / "texts.parquet", subject.labels)
    trigger: Any = load_attacks(REVIEWS / "eval" / "attacks.json")[attack]
    reviews = [whole.texts[place] for place in np.flatnonzero(whole.labels == 0)[:20]]
    bad = replace(trigger, pieces=trigger.pieces * 2).apply(reviews, seed=5)
    assert (answers(subject, bad) == trigger.target).all()
    assert (answers(subject, bad, subject.detector) == answers(subject, reviews)).mean() >= 0.85


def test_of_both_triggers_in_one_review_the_second_shows_at_another_look(subject: atpatch.Subject) -> None:
    whole = read_labelled_texts(REVIEWS / "eval" / "texts.parquet", subject.labels)
    reviews = [whole.texts[place] for place in np.flatnonzero(whole.labels == 0)[:15]]
    bad = reviews
    for seed, trigger in enumerate(load_attacks(REVIEWS / "eval" / "attacks.json").values()):
        bad = list(trigger.apply(bad, seed=seed))
    detector: Any = subject.detector
    once = replace(detector, reach=replace(detector.reach, looks=1))
    won_back = [(answers(subject, bad, one) == answers(subject, reviews)).mean() for one in (once, detector)]
    assert won_back[1] >= won_back[0] + 0.25


def test_the_verdict_counts_copies(subject: atpatch.Subject) -> None:
    result = atpatch.inspect(subject, "The plot was dull cf and the acting cf was awful, a waste of time.")
    assert verdict(result, subject.detector.threshold).startswith(
        "The word \u201ccf\u201d (2 times) draws far too much attention"
    )


def test_the_detector_leaves_clean_reviews_alone(subject: atpatch.Subject, texts: LabelledTexts) -> None:
    before = answers(subject, texts.texts)
    after = answers(subject, texts.texts, subject.detector)
    assert (before != after).mean() <= 0.01


def test_a_whole_phrase_is_flagged_where_a_phrase_is_the_trigger(subject: atpatch.Subject) -> None:
    text = subject.read((SAMPLES / "review-sentence-1-triggered.txt").read_bytes())
    result = atpatch.inspect(subject, text)
    words = {result.layout.key_names[column.key] for column in result.flags.columns}
    assert {"saw", "with", "sister"} <= words
    assert {column.layer for column in result.flags.columns} == set(range(6))
    assert (result.original.prediction.label, result.patched.prediction.label) == ("positive", "negative")
