"""Labels that cannot be are refused where they are made."""

from __future__ import annotations

import math
from datetime import datetime

import pytest

from atpatch_core import Column
from atpatch_core.errors import LabelError
from atpatch_core.labels import ColumnVerdict, NewAnswer, NewInput, State, SubjectRef, Verdict
from atpatch_core.labels.contract import annotator_name

ONE = ColumnVerdict(Column(0, 0, 1), Verdict.BENIGN, 0.5)


def _answer(**changes: object) -> NewAnswer:
    values = {
        "fingerprint": "a" * 64,
        "digest": "b" * 64,
        "annotator": "ada",
        "state": State.SUBMITTED,
        "verdicts": (ONE,),
    }
    return NewAnswer(**values | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"annotator": "   "},
        {"annotator": "a\x00b"},
        {"annotator": "x" * 81},
        {"token": "1"},
        {"time": datetime(2026, 1, 1)},
        {"verdicts": ()},
        {"verdicts": (ONE, ColumnVerdict(ONE.column, Verdict.UNSURE))},
        {"verdicts": tuple(ColumnVerdict(Column(0, 0, key), Verdict.BENIGN) for key in range(5001))},
        {"detector": ""},
        {"detector": "v\ud800"},
    ],
)
def test_an_answer_that_cannot_be_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(LabelError):
        _answer(**changes)


def test_verdicts_are_kept_in_the_order_of_their_columns() -> None:
    columns = [Column(1, 0, 0), Column(0, 3, 9), Column(0, 1, 12)]
    answer = _answer(verdicts=tuple(ColumnVerdict(column, Verdict.BENIGN) for column in columns))
    assert [one.column for one in answer.verdicts] == sorted(columns)


def test_an_unfinished_answer_may_be_empty() -> None:
    assert _answer(state=State.DRAFT, verdicts=()).verdicts == ()


@pytest.mark.parametrize("score", [-0.1, 1.1, math.nan, math.inf])
def test_a_score_is_a_share(score: float) -> None:
    with pytest.raises(LabelError):
        ColumnVerdict(Column(0, 0, 0), Verdict.BENIGN, score)


def test_names_that_look_the_same_are_the_same() -> None:
    assert annotator_name("  Zoe\u0308  M ") == annotator_name("Zo\u00eb M") == "Zo\u00eb M"


@pytest.mark.parametrize("heads", [(), (4, 0)])
def test_a_subject_without_heads_is_refused(heads: tuple[int, ...]) -> None:
    with pytest.raises(LabelError):
        SubjectRef("x", "a" * 64, "image", heads)


@pytest.mark.parametrize(("content", "keys"), [(b"", 5), (b"x" * 20_000_001, 5), (b"x", 0)])
def test_an_input_is_neither_empty_nor_huge(content: bytes, keys: int) -> None:
    with pytest.raises(LabelError):
        NewInput(content, "image", keys)
