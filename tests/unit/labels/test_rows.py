"""Rows from elsewhere: read where they are sound, and blamed field by field where they are not."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from atpatch_core import Column
from atpatch_core.digest import digest_of
from atpatch_core.labels import Rest, State, SubjectRef, Verdict
from atpatch_core.labels.row_reading import parse_row

SUBJECT = SubjectRef("vit", "ab" * 32, "image", (4, 4))
SMALLEST: dict[str, Any] = {
    "fingerprint": "ab" * 32,
    "input_sha256": "cd" * 32,
    "annotator": "ada",
    "verdicts": [{"layer": 0, "head": 1, "column": 49, "verdict": "over-attended"}],
}


def test_the_smallest_row_is_enough() -> None:
    row = parse_row(1, SMALLEST)
    assert not row.problems
    assert row.answer is not None
    assert row.answer.state is State.SUBMITTED
    assert [(one.column, one.verdict, one.score) for one in row.answer.verdicts] == [
        (Column(0, 1, 49), Verdict.OVER_ATTENDED, None)
    ]
    assert (row.new, row.subject, row.revision) == (None, None, None)


def test_a_row_without_a_token_gets_the_same_one_whenever_it_is_read() -> None:
    first, again = parse_row(1, SMALLEST).answer, parse_row(7, SMALLEST).answer
    other = parse_row(1, SMALLEST | {"annotator": "bo"}).answer
    assert first is not None
    assert again is not None
    assert other is not None
    assert first.token == again.token != other.token


def test_what_is_said_of_the_rest_and_whether_the_suggestion_was_seen_is_read() -> None:
    before = parse_row(1, SMALLEST).answer
    assert before is not None
    assert (before.rest, before.suggestion_seen) == (Rest.UNJUDGED, None)
    row = parse_row(1, SMALLEST | {"rest": "benign", "suggestion_seen": False})
    assert row.answer is not None
    assert (row.answer.rest, row.answer.suggestion_seen) == (Rest.BENIGN, False)
    assert row.answer.token != before.token
    # Empty fields, as Parquet has them, don't make another answer of a row that was read before there were any.
    again = parse_row(1, SMALLEST | {"rest": None, "suggestion_seen": None}).answer
    assert again is not None
    assert again.token == before.token == "721fdef7-890e-5cc2-8870-a9676fbb3620"
    nothing = parse_row(1, SMALLEST | {"verdicts": [], "rest": "benign"}).answer
    assert nothing is not None
    assert nothing.verdicts == ()


def test_the_subject_may_be_said_instead() -> None:
    nameless = {name: value for name, value in SMALLEST.items() if name != "fingerprint"}
    assert parse_row(1, nameless).problems[0].field == "fingerprint"
    row = parse_row(1, nameless, SUBJECT)
    assert row.answer is not None
    assert row.answer.fingerprint == SUBJECT.fingerprint
    assert parse_row(1, SMALLEST | {"fingerprint": "0" * 64}, SUBJECT).problems[0].field == "fingerprint"


def test_an_input_comes_with_its_bytes() -> None:
    content = b"image"
    row = parse_row(
        1,
        SMALLEST
        | {"input": base64.b64encode(content).decode(), "input_sha256": digest_of(content), "keys": 50}
        | {"kind": "image", "heads": [4, 4]},
    )
    assert not row.problems
    assert row.new is not None
    assert (row.new.content, row.new.keys) == (content, 50)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("schema", 2),
        ("schema", "1"),
        ("fingerprint", "AB" * 32),
        ("fingerprint", 5),
        ("input_sha256", "short"),
        ("input_sha256", None),
        ("input", "not base64!"),
        ("input", 5),
        ("keys", -1),
        ("keys", True),
        ("heads", [4, "4"]),
        ("trace", "x"),
        ("annotator", None),
        ("annotator", ["ada"]),
        ("annotator", ""),
        ("annotator", " "),
        ("annotator", "x" * 100),
        ("annotator", "a\x07b"),
        ("state", "done"),
        ("state", ["draft"]),
        ("revision", 0),
        ("revision", 1.5),
        ("revision", 2**40),
        ("time", "yesterday"),
        ("time", "2026-01-01T00:00:00"),
        ("time", 5),
        ("time", "0001-01-01T00:00:00+14:00"),
        ("time", "9999-12-31T23:59:59-12:00"),
        ("token", ""),
        ("token", 7),
        ("detector", {}),
        ("verdicts", None),
        ("verdicts", "all benign"),
        ("verdicts", []),
        ("verdicts", [5]),
        ("verdicts", [{"layer": 0, "head": 0, "verdict": "benign"}]),
        ("verdicts", [{"layer": -1, "head": 0, "column": 0, "verdict": "benign"}]),
        ("verdicts", [{"layer": 0, "head": 0, "column": 0, "verdict": "bad"}]),
        ("verdicts", [{"layer": 0, "head": 0, "column": 0, "verdict": ["benign"]}]),
        ("verdicts", [{"layer": 0, "head": 0, "column": 0, "verdict": "benign", "score": 2}]),
        ("verdicts", [{"layer": 0, "head": 0, "column": 0, "verdict": "benign", "note": "?"}]),
        ("verdicts", [{"layer": 0, "head": 0, "column": 0, "verdict": "benign"}] * 2),
        ("rest", "over-attended"),
        ("rest", ["benign"]),
        ("suggestion_seen", "yes"),
        ("suggestion_seen", 1),
        ("extra", "field"),
    ],
)
def test_nonsense_is_blamed_on_its_field(field: str, value: object) -> None:
    whole = SMALLEST | {"kind": "image", "heads": [4, 4], "keys": 50}
    row = parse_row(3, whole | {field: value})
    assert row.answer is None
    assert field in {one.field for one in row.problems}
    assert all(one.row == 3 and one.problem.endswith(".") for one in row.problems)


def test_all_problems_of_a_row_are_told_at_once() -> None:
    row = parse_row(1, {"annotator": 5, "state": "x", "verdicts": [], "fingerprint": "y", "input_sha256": "z"})
    assert {one.field for one in row.problems} == {"annotator", "state", "fingerprint", "input_sha256"}
