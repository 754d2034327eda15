"""Read a row of labels that comes from elsewhere, and say all that is wrong with it; see `rows.py` for the fields."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from .. import limits
from ..column import Column
from ..digest import digest_of, is_digest
from ..errors import LabelError
from ..files.values import shown
from .contract import MOST_VERDICTS, ColumnVerdict, NewAnswer, NewInput, Rest, State, SubjectRef, Verdict
from .rows import FIELDS, SCHEMA, VERDICT_FIELDS, RowProblem

_OF_ANSWER = FIELDS[11:18]  # decide the token of a row that has none
_LATER = FIELDS[18:]  # as well, but only where they are given: rows of before keep their tokens
_NAMESPACE = uuid.UUID("8a4b0c5e-6f0e-5a58-9d8e-2f6a3c1b7d90")
_MOST = 2**31 - 1
_Choice = TypeVar("_Choice", State, Rest)


@dataclass(frozen=True)
class ParsedRow:
    """What a row says, as far as it makes sense.

    Attributes:
        number: of the row, from 1.
        subject: `None` where the row does not describe it.
        new: the input; `None` where the row does not hold it.
        answer: `None` where the row has a problem.
        revision: of the answer; `None` where the row does not say.
        problems: all that is wrong with it.
    """

    number: int
    subject: SubjectRef | None
    new: NewInput | None
    answer: NewAnswer | None
    revision: int | None
    problems: tuple[RowProblem, ...]


def parse_row(number: int, row: Mapping[str, Any], about: SubjectRef | None = None) -> ParsedRow:
    """Read one row, whose fields may be of any type.

    Args:
        number: of the row, from 1.
        row: its fields by name.
        about: the subject of rows that name none; by default such rows have a problem.
    """
    return _Reading(number, row).parse(about)


class _Reading:
    """One row while it is read; problems are gathered, so that a person sees all of them at once."""

    def __init__(self, number: int, row: Mapping[str, Any]) -> None:
        self.number, self.row, self.problems = number, row, list[RowProblem]()

    def parse(self, about: SubjectRef | None) -> ParsedRow:
        for name in self.row:
            if name not in FIELDS:
                self.blame(shown(str(name)).strip("\u201c\u201d"), "There is no such field: leave it out.")
        if self.value("schema", int, SCHEMA) != SCHEMA:
            self.blame("schema", f"Only schema {SCHEMA} is known: export again with this version.")
        subject = self.subject(about)
        fingerprint = subject.fingerprint if subject else self.digest("fingerprint")
        if fingerprint is None and not self.blamed("fingerprint"):
            self.blame("fingerprint", "It is missing: say which model the labels are about.")
        content = self.content()
        digest = self.digest("input_sha256") or (digest_of(content) if content else None)
        if digest is None and not self.blamed("input_sha256", "input"):
            self.blame("input_sha256", "Give the SHA-256 of the input, or the input itself.")
        if content is not None and digest != digest_of(content):
            self.blame("input_sha256", "It is not the SHA-256 of the input in this row.")
        new = self.new_input(content, subject)
        answer = None
        before = len(self.problems)
        revision = self.count("revision", None)
        if revision == 0:
            self.blame("revision", "Revisions count from 1.")
        verdicts = self.verdicts()
        state = self.choice("state", State, State.SUBMITTED)
        rest = self.choice("rest", Rest, Rest.UNJUDGED)
        seen = self.row.get("suggestion_seen")
        if not isinstance(seen, bool | None):
            self.blame("suggestion_seen", "It is true, false or null.")
        time = self.time()
        annotator = self.value("annotator", str)
        detector = self.value("detector", str, None)
        token = self.value("token", str, None)
        if annotator is None and not self.blamed("annotator"):
            self.blame("annotator", "It is missing: say who judged.")
        if len(self.problems) == before and fingerprint and digest and annotator is not None:
            # What the row says decides the token, not when it was read.
            said = {name: str(self.row.get(name)) for name in _OF_ANSWER}
            said |= {name: str(self.row[name]) for name in _LATER if self.row.get(name) is not None}
            own = json.dumps([fingerprint, digest, said])
            try:
                answer = NewAnswer(
                    fingerprint=fingerprint,
                    digest=digest,
                    annotator=annotator,
                    state=state,
                    verdicts=verdicts,
                    detector=detector,
                    token=str(uuid.uuid5(_NAMESPACE, own)) if token is None else token,
                    time=time,
                    rest=rest,
                    suggestion_seen=seen,
                )
            except LabelError as error:
                self.blame(_field_of(str(error)), str(error))
        if answer is None and not self.problems:
            self.blame("row", "It is no answer: see which fields one needs.")
        usable = answer if not self.problems else None
        return ParsedRow(self.number, subject, new, usable, revision, tuple(self.problems))

    def subject(self, about: SubjectRef | None) -> SubjectRef | None:
        if self.row.get("fingerprint") is None and about is not None:
            return about
        fingerprint, name = self.digest("fingerprint"), self.value("subject", str, None)
        kind, heads = self.value("kind", str, None), self.numbers("heads")
        if about is not None and fingerprint is not None and fingerprint != about.fingerprint:
            self.blame("fingerprint", f"These labels are about another model than {about.name}.")
            return None
        if fingerprint is None or kind is None or heads is None:
            return about if about is not None and fingerprint == about.fingerprint else None
        try:
            return SubjectRef(name or fingerprint[:12], fingerprint, kind, heads)
        except LabelError as error:
            self.blame("heads", str(error))
            return None

    def new_input(self, content: bytes | None, subject: SubjectRef | None) -> NewInput | None:
        keys, trace = self.count("keys", None), self.digest("trace")
        title, source = self.value("title", str, ""), self.value("source", str, "")
        if content is None or keys is None or subject is None:
            return None
        try:
            return NewInput(content, subject.kind, keys, title or "", source or "", trace)
        except LabelError as error:
            self.blame("input", str(error))
            return None

    def content(self) -> bytes | None:
        value = self.row.get("input")
        if isinstance(value, str):
            try:
                return base64.b64decode(value, validate=True)
            except (binascii.Error, ValueError):
                self.blame("input", "It is not base64.")
                return None
        if value is None or isinstance(value, bytes):
            return value
        self.blame("input", "It holds bytes, or base64 in JSON.")
        return None

    def verdicts(self) -> tuple[ColumnVerdict, ...]:
        value = self.row.get("verdicts")
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            self.blame("verdicts", "It is a list of {layer, head, column, verdict, score}.")
            return ()
        if len(value) > MOST_VERDICTS:
            self.blame("verdicts", f"An answer holds at most {MOST_VERDICTS:,} verdicts.")
            return ()
        found = []
        for place, entry in enumerate(value):
            if not isinstance(entry, Mapping) or not set(entry) <= set(VERDICT_FIELDS):
                self.blame("verdicts", f"Entry {place} is not {{layer, head, column, verdict, score}}.")
                continue
            numbers = [entry.get(name) for name in ("layer", "head", "column")]
            score = entry.get("score")
            if not all(_is_count(number) for number in numbers):
                self.blame("verdicts", f"Entry {place}: layer, head and column are whole numbers from 0.")
            elif entry.get("verdict") not in list(Verdict):
                self.blame("verdicts", f"Entry {place}: a verdict is {', '.join(Verdict)}.")
            elif score is not None and not (_is_number(score) and 0 <= score <= 1):
                self.blame("verdicts", f"Entry {place}: a score is a number from 0 to 1, or null.")
            else:
                column = Column(*(int(number or 0) for number in numbers))
                found.append(ColumnVerdict(column, Verdict(entry["verdict"]), None if score is None else float(score)))
        return tuple(found)

    def time(self) -> datetime:
        value = self.row.get("time")
        if value is None:
            return datetime.now(UTC)
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                value = None
        if not isinstance(value, datetime) or value.tzinfo is None:
            self.blame("time", "It is a time with its time zone, such as 2026-01-31T12:00:00+00:00.")
            return datetime.now(UTC)
        # Libraries have kinds of times of their own, with nanoseconds.
        return datetime.combine(value.date(), value.timetz())

    def value(self, name: str, kind: type[Any], default: Any = None) -> Any:
        value = self.row.get(name)
        if value is None:
            return default
        if not isinstance(value, kind) or isinstance(value, bool):
            self.blame(name, f"It is {'a text' if kind is str else 'a whole number'}, not {type(value).__name__}.")
            return default
        if kind is str and len(value) > limits.LABELS.text:
            self.blame(name, f"It is longer than {limits.LABELS.text} characters.")
            return default
        return value

    def count(self, name: str, default: int | None) -> int | None:
        value = self.row.get(name)
        if value is None:
            return default
        if not _is_count(value):
            self.blame(name, "It is a whole number from 0.")
            return default
        return int(value)

    def numbers(self, name: str) -> tuple[int, ...] | None:
        value = self.row.get(name)
        if value is None:
            return None
        few = isinstance(value, list) and 0 < len(value) <= limits.DETECTORS.layers
        if not few or not all(_is_count(number) for number in value):
            self.blame(name, "It is a list of whole numbers.")
            return None
        return tuple(value)

    def digest(self, name: str) -> str | None:
        value = self.row.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or not is_digest(value):
            self.blame(name, "It is a SHA-256: 64 lower-case hex characters.")
            return None
        return value

    def choice(self, name: str, kind: type[_Choice], default: _Choice) -> _Choice:
        value = self.row.get(name)
        if value is None:
            return default
        if value not in list(kind):
            self.blame(name, f"It is {', '.join(kind)}.")
            return default
        return kind(value)

    def blame(self, field: str, problem: str) -> None:
        if not self.blamed(field) or field == "verdicts":
            self.problems.append(RowProblem(self.number, field, problem))

    def blamed(self, *fields: str) -> bool:
        return any(known.field in fields for known in self.problems)


def _field_of(sentence: str) -> str:
    """The field that a sentence about an answer is about."""
    for word, field in (("verdict", "verdicts"), ("judges", "verdicts"), ("token", "token"), ("time", "time")):
        if word in sentence:
            return field
    return "detector" if "detector" in sentence else "annotator"


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
