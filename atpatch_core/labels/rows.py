"""The rows in which labels are exchanged, and what is wrong with one that comes from elsewhere.

One row is one answer. In Parquet and JSON Lines the fields are the same:

    schema        int          always 1
    subject       string       name of the model
    fingerprint   string       SHA-256 of its weights (`atpatch_core.subjects.fingerprint`)
    kind          string       "image", "text" or "record"
    heads         list[int]    heads of each layer
    input_sha256  string       SHA-256 of the input's bytes
    input         bytes        the bytes (base64 in JSON), or null if an earlier row or the store has them
    keys          int          columns of the input's maps
    title, source string       what the input is, and where it came from
    trace         string       SHA-256 of the maps that were judged, or null
    annotator     string       who answered
    state         string       "draft", "submitted" or "discarded"
    revision      int          counts the annotator's answers about this input from 1; the highest counts
    time          timestamp    when, UTC, to the microsecond (ISO 8601 in JSON)
    token         string       a UUID that names this answer
    detector      string       version whose scores were shown, or null
    verdicts      list[struct] {layer: int, head: int, column: int, verdict: string, score: double or null};
                               verdict is "over-attended", "benign" or "unsure"; layer, head and column count from 0
    rest          string       "benign" if the annotator said so of all columns without a verdict, else "unjudged":
                               nothing is said about them
    suggestion_seen  bool      whether the scores of `detector` were seen before answering, or null

From elsewhere, these are enough: `annotator`, `verdicts`, and `input_sha256` (or `input`) of an input that is already
queued, with `fingerprint` unless it is said which subject the file is about. What is missing then counts as:
submitted, now, the next revision, the rest unjudged. A row without a token gets one made from its content, so that it
is read only once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .contract import Answer, StoredInput, SubjectRef

SCHEMA = 1
FIELDS = (
    *("schema", "subject", "fingerprint", "kind", "heads", "input_sha256", "input", "keys", "title", "source", "trace"),
    *("annotator", "state", "revision", "time", "token", "detector", "verdicts"),
    *("rest", "suggestion_seen"),
)
VERDICT_FIELDS = ("layer", "head", "column", "verdict", "score")


@dataclass(frozen=True)
class RowProblem:
    """What is wrong with a row.

    Attributes:
        row: its number, from 1.
        field: where.
        problem: a sentence.
    """

    row: int
    field: str
    problem: str


def to_row(subject: SubjectRef, stored: StoredInput, content: bytes | None, answer: Answer) -> dict[str, Any]:
    """The row of an answer, with Python's own values: bytes as bytes, times as aware times.

    Args:
        subject: that the answer is about.
        stored: the input that it is about.
        content: the input's bytes; `None` to leave them out.
        answer: what was said.
    """
    return {
        "schema": SCHEMA,
        "subject": subject.name,
        "fingerprint": subject.fingerprint,
        "kind": subject.kind,
        "heads": list(subject.heads),
        "input_sha256": stored.digest,
        "input": content,
        "keys": stored.keys,
        "title": stored.title,
        "source": stored.source,
        "trace": stored.trace,
        "annotator": answer.annotator,
        "state": answer.state.value,
        "revision": answer.revision,
        "time": answer.time,
        "token": answer.token,
        "detector": answer.detector,
        "verdicts": [
            {
                "layer": verdict.column.layer,
                "head": verdict.column.head,
                "column": verdict.column.key,
                "verdict": verdict.verdict.value,
                "score": verdict.score,
            }
            for verdict in answer.verdicts
        ],
        "rest": answer.rest.value,
        "suggestion_seen": answer.suggestion_seen,
    }
