"""Counts and agreement of a whole store, also of a large one."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import numpy as np
import pytest
import sqlalchemy as sa

from atpatch_core import Column
from atpatch_core.errors import LabelError
from atpatch_core.labels import ColumnVerdict, LabelStore, NewAnswer, NewInput, Rest, State, Verdict, schema
from atpatch_core.labels.database import write
from atpatch_core.labels.disagreements import Opinion, list_disagreements
from atpatch_core.labels.statistics import AnnotatorStatistics, statistics
from atpatch_core.labels.store import MOST_BYTES
from atpatch_core.labels.writing import add_input

from .conftest import KEYS, SUBJECT, queued


def _judge(
    store: LabelStore,
    digest: str,
    annotator: str,
    letters: str,
    state: State = State.SUBMITTED,
    rest: Rest = Rest.UNJUDGED,
) -> None:
    """Columns 0, 1, ... of a head: "o", "b" or "u", or "." for one that is not named."""
    names = {"o": Verdict.OVER_ATTENDED, "b": Verdict.BENIGN, "u": Verdict.UNSURE}
    verdicts = tuple(
        ColumnVerdict(Column(0, 0, key), names[letter]) for key, letter in enumerate(letters) if letter != "."
    )
    store.save(NewAnswer(SUBJECT.fingerprint, digest, annotator, state, verdicts, rest=rest))


def test_only_what_counts_is_counted(store: LabelStore) -> None:
    first, second, third = queued(store, 3)
    _judge(store, first, "ada", "uuu")
    _judge(store, first, "ada", "oob")  # changed her mind
    _judge(store, first, "bo", "obb")
    _judge(store, second, "ada", "ob", State.DRAFT)
    _judge(store, third, "bo", "o", State.DISCARDED)
    found = statistics(store, SUBJECT.fingerprint)
    assert (found.inputs, found.labelled, found.doubly) == (3, 1, 1)
    assert found.verdicts == {"over-attended": 3, "benign": 3, "unsure": 0}
    assert found.annotators == (AnnotatorStatistics("ada", 1, 1, 0, 3), AnnotatorStatistics("bo", 1, 0, 1, 3))
    assert (found.agreement.columns, found.agreement.same) == (3, pytest.approx(2 / 3))
    assert found.agreement.value == pytest.approx((2 / 3 - 4 / 9) / (1 - 4 / 9))
    assert statistics(store) == found
    assert statistics(store, "0" * 64).inputs == 0


def test_two_who_treat_inputs_differently_do_not_agree_because_something_is_unjudged(store: LabelStore) -> None:
    first, second = queued(store, 2)
    _judge(store, first, "ada", "o.b")
    _judge(store, first, "bo", "..b")
    _judge(store, second, "ada", "b")
    _judge(store, second, "bo", "bo")
    found = statistics(store, SUBJECT.fingerprint)
    agreement = found.agreement
    assert (agreement.columns, agreement.same, agreement.judged_by_one) == (2, 1.0, 2)
    # On 2 of 4 the same; by chance: ada o 1, b 2, nothing 1, bo o 1, b 2, nothing 1.
    assert agreement.value == pytest.approx((1 / 2 - 6 / 16) / (1 - 6 / 16))
    assert (found.rest_benign, found.unjudged) == (0, 4 * 8 * KEYS - 6)
    listed = list_disagreements(store, SUBJECT.fingerprint)
    assert (listed.contradictions, listed.judged_by_some) == (0, 2)
    assert [(one.title, one.column.key, one.contradiction) for one in listed.listed] == [
        ("input 0", 0, False),
        ("input 1", 1, False),
    ]
    assert listed.listed[0].opinions == (
        Opinion("ada", Verdict.OVER_ATTENDED, by_name=True),
        Opinion("bo", None, by_name=False),
    )


def test_what_is_called_benign_as_the_rest_contradicts_over_attended(store: LabelStore) -> None:
    first, second, third = queued(store, 3)
    _judge(store, first, "ada", "o", rest=Rest.BENIGN)
    _judge(store, first, "bo", ".b", rest=Rest.BENIGN)
    _judge(store, second, "ada", "b", rest=Rest.BENIGN)
    _judge(store, second, "bo", "b")
    _judge(store, third, "ada", "o")  # nobody else answered it
    found = statistics(store, SUBJECT.fingerprint)
    # Three columns are named by anyone; of the first, bo says benign as the rest, of the second, ada.
    assert (found.agreement.columns, found.agreement.judged_by_one) == (3, 0)
    assert found.agreement.same == pytest.approx(2 / 3)
    assert (found.rest_benign, found.unjudged) == (3, 2 * (8 * KEYS - 1))
    assert [one.rest_benign for one in found.annotators] == [2, 1]
    listed = list_disagreements(store)
    (one,) = listed.listed
    assert (listed.contradictions, listed.judged_by_some, one.contradiction) == (1, 0, True)
    assert (one.digest, one.column) == (first, Column(0, 0, 0))
    assert one.opinions == (
        Opinion("ada", Verdict.OVER_ATTENDED, by_name=True),
        Opinion("bo", Verdict.BENIGN, by_name=False),
    )


def test_contradictions_are_listed_first_and_everything_is_counted(store: LabelStore) -> None:
    first, second = queued(store, 2)
    for name, letters in (("ada", "bb"), ("bo", "b."), ("cy", "bo")):
        _judge(store, second, name, letters)
    for name, letters in (("ada", "bo."), ("bo", "..b")):
        _judge(store, first, name, letters)
    listed = list_disagreements(store, most=2)
    assert (listed.contradictions, listed.judged_by_some) == (1, 3)
    assert [(one.digest, one.column.key) for one in listed.listed] == [(second, 1), (first, 1)]
    assert [opinion.verdict for opinion in listed.listed[0].opinions] == [Verdict.BENIGN, None, Verdict.OVER_ATTENDED]
    with pytest.raises(LabelError):
        list_disagreements(LabelStore.open("sqlite:////proc/none/labels.sqlite"))


def _fill(store: LabelStore, inputs: int, annotators: int, columns: int) -> None:
    new = [NewInput(f"input {number}".encode(), "image", KEYS) for number in range(inputs)]
    write(store.engine, lambda connection: [add_input(connection, SUBJECT, one, MOST_BYTES) for one in new])
    rng = np.random.default_rng(0)
    with store.engine.begin() as connection:
        numbers = connection.execute(sa.select(schema.items.c.id).order_by(schema.items.c.id)).scalars().all()
        answers, verdicts = [], []
        for item in numbers:
            for annotator in range(annotators):
                answers.append(
                    {
                        "id": len(answers) + 1,
                        "token": f"{len(answers):036x}",
                        "item_id": item,
                        "annotator": f"annotator {annotator}",
                        "revision": 1,
                        "state": "submitted",
                        "time": datetime.now(UTC),
                    }
                )
                for key in range(columns):
                    hijacked = (item + key) % 7 == 0
                    wrong = rng.random() < 0.1
                    verdict = "over-attended" if hijacked != wrong else "benign"
                    verdicts.append(
                        {"answer_id": len(answers), "layer": 0, "head": 1, "key": key, "verdict": verdict, "score": 0.5}
                    )
        connection.execute(sa.insert(schema.answers), answers)
        for start in range(0, len(verdicts), 10_000):
            connection.execute(sa.insert(schema.verdicts), verdicts[start : start + 10_000])
        connection.execute(sa.text("ANALYZE"))  # PostgreSQL does so by itself, but not within seconds


@pytest.mark.parametrize("annotators", [2, 4])
def test_statistics_of_a_hundred_thousand_labels_take_at_most_a_second(store: LabelStore, annotators: int) -> None:
    _fill(store, 2_500 * 4 // annotators, annotators, 10)
    statistics(store, SUBJECT.fingerprint)  # imports and caches
    times = []
    for _ in range(3):
        start = time.process_time()  # what else runs on the machine does not count
        found = statistics(store, SUBJECT.fingerprint)
        times.append(time.process_time() - start)
    assert sum(found.verdicts.values()) == 100_000
    assert found.agreement.value is not None
    assert 0.3 < found.agreement.value < 0.7
    assert min(times) <= 1.0, times


def test_a_queue_over_a_thousand_labels_takes_a_fraction_of_a_page(store: LabelStore) -> None:
    _fill(store, 50, 2, 10)
    store.queue(SUBJECT.fingerprint, "ada")
    start = time.process_time()
    assert len(store.queue(SUBJECT.fingerprint, "ada")) == 50
    assert time.process_time() - start <= 0.15
