"""Detectors of texts and of records, learnt from labels, from debugging sets, and from both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

import atpatch_core as atpatch
from atpatch_core import Column, Inspection
from atpatch_core.debugging.answers import answers
from atpatch_core.debugging.attribute_flips import hijacked_by
from atpatch_core.debugging.layer_scores import layer_scores
from atpatch_core.debugging.record_set import build_record_set
from atpatch_core.debugging.text_set import build_text_set
from atpatch_core.detector.learning_curve import Epoch
from atpatch_core.detector.reach import Reach
from atpatch_core.detector.storage import load_detector, save_detector
from atpatch_core.errors import InputError
from atpatch_core.evaluation.attacks import load_attacks
from atpatch_core.evaluation.text_data import read_labelled_texts
from atpatch_core.labels import ColumnVerdict, LabelStore, NewAnswer, Rest, State, Verdict
from atpatch_core.labels.intake import send_to_labelling
from atpatch_core.labels.suggestion import suggest
from atpatch_core.subjects.record import record_schema
from atpatch_core.training.learning import Settings, learn
from atpatch_core.training.sources import Sources
from atpatch_core.triggers.text import Span, TextTrigger

from ...unit.debugging.biased import prejudiced, some_people, trained
from ...unit.debugging.taught import reviews, taught_subject
from ..conftest import MODELS

REVIEWS = MODELS / "reviews-minilm-badword"
PLAIN = 0.15  # of the attention that the answer is read from: what an annotator can see with the naked eye


def _annotate(
    subject: atpatch.Subject, url: str, inputs: Sequence[Any], over: Callable[[int, Inspection], set[Column]]
) -> None:
    """Queue inputs and answer for each: `over` names over-attended columns, others that are suggested are benign.

    Where there are none, the annotator says that the rest is benign.
    """
    with LabelStore.open(url) as store:
        for number, one in enumerate(inputs):
            inspection = atpatch.inspect(subject, one)
            send_to_labelling(store, subject, subject.write(one), f"input {number}", "a test", None, inspection)
            (known,) = store.subjects()
            bad = over(number, inspection)
            columns = {*bad, *(one.column for one in suggest(inspection, None).columns)}
            verdicts = tuple(
                ColumnVerdict(column, Verdict.OVER_ATTENDED if column in bad else Verdict.BENIGN) for column in columns
            )
            digest = store.inputs(known.fingerprint)[number].digest
            rest = Rest.UNJUDGED if bad else Rest.BENIGN
            store.save(NewAnswer(known.fingerprint, digest, "ada", State.SUBMITTED, verdicts, rest=rest))


def _keys(inspection: Inspection, spans: Sequence[Span]) -> list[int]:
    """The columns of the words at `spans`."""
    return [
        key
        for key, span in enumerate(inspection.layout.spans)
        if span is not None and any(span[0] < end and start < span[1] for start, end in spans)
    ]


def _seen(inspection: Inspection, spans: Sequence[Span]) -> set[Column]:
    """The columns of the words at `spans`, in every head in which they draw plainly too much."""
    maps = inspection.original.trace.maps
    return {
        Column(layer, head, key)
        for layer, attention in enumerate(maps)
        for head in range(attention.shape[0])
        for key in _keys(inspection, spans)
        if float(attention[head, 0, key]) >= PLAIN
    }


def test_sixty_labelled_texts_make_a_detector_for_a_word_that_it_was_not_told(tmp_path: Path) -> None:
    subject = replace(atpatch.load(REVIEWS), detector=None)
    data = read_labelled_texts(REVIEWS / "eval" / "texts.parquet", subject.labels)
    trigger: Any = load_attacks(REVIEWS / "eval" / "attacks.json")["rare-word"]
    assert isinstance(trigger, TextTrigger)
    others = np.flatnonzero(data.labels != trigger.target).tolist()
    carrying = trigger.apply_with_spans([data.texts[number] for number in others[:20]], 1)
    clean = [data.texts[number] for number in (*others[20:40], *np.flatnonzero(data.labels == trigger.target)[:20])]
    texts = [*(text for text, _ in carrying), *clean]
    spans = [*(where for _, where in carrying), *[()] * len(clean)]
    url = f"sqlite:///{tmp_path / 'labels.sqlite'}"
    _annotate(subject, url, texts, lambda number, inspection: _seen(inspection, spans[number]))

    epochs: list[Epoch] = []
    made = learn(subject, Sources((url,)), on_epoch=epochs.append)
    assert made.history["labelled_inputs"] == 60
    assert made.history["over_attended_inputs"] == 20
    assert made.variant == "per-token"
    assert made.reach == Reach(tuple(range(6)))
    assert {one.of for one in epochs} == {len(epochs) // len({one.network for one in epochs})}
    assert any(one.auroc is not None for one in epochs)
    save_detector(made, tmp_path / "detector")
    detector = load_detector(tmp_path / "detector")

    held_out = [data.texts[number] for number in others[60:160]]
    bad = trigger.apply(held_out, 2)
    scores = layer_scores(subject, detector, [*held_out, *bad]).max(1)
    triggered = np.repeat([False, True], len(held_out))
    assert roc_auc_score(triggered, scores) >= 0.95
    flagged = scores >= detector.threshold
    assert flagged[triggered].mean() > 0.9
    assert flagged[~triggered].mean() < 0.1
    some = bad[:40]
    assert (answers(subject, some) == trigger.target).mean() > 0.95
    assert (answers(subject, some, detector) == trigger.target).mean() < 0.35


def test_labels_and_a_debugging_set_of_texts_are_learnt_from_together(tmp_path: Path) -> None:
    subject = taught_subject(tmp_path / "model", seed=4)  # reads the trigger in the layer that is watched
    texts, _ = reviews(440)
    build_text_set(subject, texts, tmp_path / "set", classes=[1], seed=3)
    url = f"sqlite:///{tmp_path / 'labels.sqlite'}"
    trigger = TextTrigger(1, ("cf",))
    # Longer ones than those in the set: maps of both have to be brought to one size.
    carrying = trigger.apply_with_spans([f"{text} {text}" for text in dict.fromkeys(texts[:60])][:8], 1)
    clean = list(dict.fromkeys(texts))[-8:]
    spans = [*(where for _, where in carrying), *[()] * len(clean)]
    inputs = [*(text for text, _ in carrying), *clean]

    def over(number: int, inspection: Inspection) -> set[Column]:
        return {Column(1, head, key) for head in range(4) for key in _keys(inspection, spans[number])}

    _annotate(subject, url, inputs, over)
    epochs: list[Epoch] = []
    sources = Sources((url,), (tmp_path / "set",))
    detector = learn(subject, sources, Settings(false_positive_rate=0.01), on_epoch=epochs.append)
    alone = learn(subject, Sources(debugging_sets=sources.debugging_sets), Settings(false_positive_rate=0.01))
    assert detector.watched == (1,)
    assert (detector.history["labelled_inputs"], len(detector.history["learnt_from"])) == (16, 16)
    assert detector.history["triggered_texts"] == alone.history["triggered_texts"] == 640
    more = detector.history["hijacked_inputs_by_layer"][1] - alone.history["hijacked_inputs_by_layer"][1]
    assert more == len(carrying) == 8
    areas = []
    for one in (detector, alone):
        held_out = one.history["held_out"]
        assert sum(held_out["over_attended"]) == 40
        areas.append(roc_auc_score(held_out["over_attended"], held_out["scores"]))
    assert areas[0] > max(0.7, areas[1] - 0.1)  # so tiny a model has heads that see more than the trigger
    assert all(one.auroc is not None for one in epochs)


def test_labels_and_debugging_sets_of_records_are_learnt_from_together(tmp_path: Path) -> None:
    subject = trained(prejudiced)
    schema = record_schema(subject)
    for number in (0, 1):
        build_record_set(subject, some_people(300, number), tmp_path / str(number))
    people = list({tuple(one.values()): one for one in some_people(40, 8)}.values())
    hits = hijacked_by(subject, people)
    url = f"sqlite:///{tmp_path / 'labels.sqlite'}"

    def over(number: int, inspection: Inspection) -> set[Column]:
        keys = [schema.key(one.name) for one, hit in zip(schema.protected, hits[number], strict=True) if hit]
        return {Column(layer, head, key) for layer in (0, 1) for head in (0, 1) for key in keys}

    _annotate(subject, url, people, over)
    sets = (tmp_path / "0", tmp_path / "1")
    epochs: list[Epoch] = []
    detector = learn(subject, Sources((url,), sets), on_epoch=epochs.append)
    apart = [learn(subject, Sources(debugging_sets=(one,))) for one in sets]
    assert detector.watched
    assert detector.variant == "per-field"
    assert detector.history["labelled_inputs"] == len(people)
    for what in ("pairs", "tuning_records"):
        assert detector.history[what] == sum(one.history[what] for one in apart)
    assert max(choice["cured"] for choice in detector.history["tried"]) > 0.9
    held_out = detector.history["held_out"]
    assert roc_auc_score(held_out["over_attended"], held_out["scores"]) > 0.9
    assert all(one.auroc is not None for one in epochs)
    with pytest.raises(InputError, match="leave out the variant"):
        learn(subject, Sources(debugging_sets=sets), Settings(variant="paper"))
