"""The things a label store holds, as values that validate themselves."""

from __future__ import annotations

import math
import re
import unicodedata
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from ..column import Column
from ..digest import digest_of, is_digest
from ..errors import LabelError

MAX_INPUT_BYTES = 20_000_000
MOST_VERDICTS = 5_000
KINDS = ("image", "text", "record")
NO_DETECTOR = "no detector"  # whose suggestion it is where there is none
LONGEST_NAME = 80
_FIRST_YEAR, _LAST_YEAR = 1970, 2999  # of the time of an answer
_LONGEST_TITLE = 200
_TOKEN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Verdict(StrEnum):
    """What an annotator says about one column."""

    OVER_ATTENDED = "over-attended"
    BENIGN = "benign"
    UNSURE = "unsure"


class Rest(StrEnum):
    """What an answer says about all columns of its input that it does not name.

    "benign" is a statement of the annotator, made explicitly. "unjudged" is none: such columns are neither benign nor
    over-attended, and nothing is learnt from them. Answers from before this was recorded, and imported rows that don't
    say, count as unjudged.
    """

    UNJUDGED = "unjudged"
    BENIGN = "benign"


class State(StrEnum):
    """How far an answer is: only submitted ones count; discarded means the input is not fit to be judged."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    DISCARDED = "discarded"


@dataclass(frozen=True)
class SubjectRef:
    """A model that labels are about.

    Attributes:
        name: for people; up to 200 printable characters.
        fingerprint: names its weights.
        kind: of its inputs.
        heads: how many heads each layer has.

    Raises:
        LabelError: no subject can have such values.
    """

    name: str
    fingerprint: str
    kind: str
    heads: tuple[int, ...]

    def __post_init__(self) -> None:
        if not is_digest(self.fingerprint):
            raise LabelError("A subject's fingerprint is 64 lower-case hex characters.")
        if not self.heads or any(number < 1 for number in self.heads):
            raise LabelError("A subject has at least one layer, and each layer at least one head.")
        if not self.name or self.name != _printable(self.name) or self.kind not in KINDS:
            raise LabelError(f"A subject has a printable name of 1 to 200 characters and a kind: {', '.join(KINDS)}.")


@dataclass(frozen=True)
class NewInput:
    """An input to be labelled.

    Attributes:
        content: its file's bytes.
        kind: of input.
        keys: how many columns its maps have.
        title: what it is, for people; empty by default.
        source: where it came from, for people; empty by default.
        trace: fingerprint of its maps; `None` if that is not known.
        digest: SHA-256 of `content`.

    Raises:
        LabelError: it is empty or too large.
    """

    content: bytes
    kind: str
    keys: int
    title: str = ""
    source: str = ""
    trace: str | None = None
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        if not self.content or len(self.content) > MAX_INPUT_BYTES:
            raise LabelError(f"An input has 1 to {MAX_INPUT_BYTES:,} bytes, this one has {len(self.content):,}.")
        if self.keys < 1:
            raise LabelError("An input's maps have at least one column.")
        if self.trace is not None and not is_digest(self.trace):
            raise LabelError("A trace fingerprint is 64 lower-case hex characters.")
        object.__setattr__(self, "title", _printable(self.title))
        object.__setattr__(self, "source", _printable(self.source))
        object.__setattr__(self, "digest", digest_of(self.content))


@dataclass(frozen=True)
class SuggestedColumn:
    """A column worth a look.

    Attributes:
        column: which one.
        score: the detector's, 0 to 1; `None` where the detector does not watch.
    """

    column: Column
    score: float | None

    def __post_init__(self) -> None:
        check_score(self.score)


@dataclass(frozen=True)
class Suggestion:
    """What one version of a detector says about one input.

    Attributes:
        detector: the version.
        threshold: the score from which on it flags a column.
        uncertainty: 1 where it cannot decide about the input, going to 0 where it is sure.
        columns: those worth a look, most suspicious first.
    """

    detector: str
    threshold: float
    uncertainty: float
    columns: tuple[SuggestedColumn, ...]


@dataclass(frozen=True)
class ColumnVerdict:
    """An annotator's verdict about one column.

    Attributes:
        column: which one.
        verdict: what was said.
        score: what the suggesting detector gave it, 0 to 1; `None` if there was none.
    """

    column: Column
    verdict: Verdict
    score: float | None = None

    def __post_init__(self) -> None:
        check_score(self.score)


@dataclass(frozen=True)
class NewAnswer:
    """An answer to be saved.

    Attributes:
        fingerprint: of the subject.
        digest: of the input.
        annotator: who gave it.
        state: how far it is.
        verdicts: about single columns.
        detector: the version that suggested columns; `None` if none did.
        token: a UUID; the same one is saved once, however often it is sent. A new one by default.
        time: when it was given, in UTC; now by default.
        rest: what is said about all columns that `verdicts` does not name; nothing by default.
        suggestion_seen: whether the annotator saw the detector's scores and marks before answering; `None` if that was
            not recorded, or there were none.

    Raises:
        LabelError: a name, token, time or list of verdicts is impossible.
    """

    fingerprint: str
    digest: str
    annotator: str
    state: State
    verdicts: tuple[ColumnVerdict, ...]
    detector: str | None = None
    token: str = field(default_factory=lambda: str(uuid.uuid4()))
    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    rest: Rest = Rest.UNJUDGED
    suggestion_seen: bool | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "annotator", annotator_name(self.annotator))
        object.__setattr__(self, "verdicts", tuple(sorted(self.verdicts, key=lambda verdict: verdict.column)))
        if not _TOKEN.fullmatch(self.token):
            raise LabelError("An answer's token is a UUID in lower case.")
        if self.time.tzinfo is None:
            raise LabelError("An answer's time needs a time zone.")
        object.__setattr__(self, "time", _in_utc(self.time))
        if self.detector is not None and (not self.detector or self.detector != _printable(self.detector)):
            raise LabelError(f"A detector's version has a name of 1 to {_LONGEST_TITLE} printable characters.")
        if len(self.verdicts) > MOST_VERDICTS:
            raise LabelError(f"An answer holds at most {MOST_VERDICTS:,} verdicts.")
        if len({verdict.column for verdict in self.verdicts}) != len(self.verdicts):
            raise LabelError("An answer holds one verdict for a column, not two.")
        if self.state is State.SUBMITTED and not self.verdicts and self.rest is Rest.UNJUDGED:
            raise LabelError("A submitted answer judges at least one column, or says that the rest is benign.")


@dataclass(frozen=True)
class Answer(NewAnswer):
    """An answer as it is stored.

    Attributes:
        revision: counts an annotator's answers about one input, from 1.
    """

    revision: int = 0


@dataclass(frozen=True)
class StoredInput:
    """What is known about an input in the queue of a subject.

    Attributes:
        fingerprint: of the subject.
        digest: SHA-256 of its bytes.
        kind: of input.
        keys: how many columns its maps have.
        title: what it is, for people.
        source: where it came from, for people.
        trace: fingerprint of its maps; `None` if that is not known.
    """

    fingerprint: str
    digest: str
    kind: str
    keys: int
    title: str
    source: str
    trace: str | None


@dataclass(frozen=True)
class QueueEntry:
    """An input as one annotator's queue shows it.

    Attributes:
        item: the input.
        state: of the annotator's own answer; `None` before the first.
        uncertainty: the detector's, 0 to 1; `None` before it looked.
        disagreement: the share of doubly judged columns that the annotators disagree about.
        answers: how many were submitted.
    """

    item: StoredInput
    state: State | None
    uncertainty: float | None
    disagreement: float
    answers: int


def _in_utc(time: datetime) -> datetime:
    """A time in UTC. Raises `LabelError` for one that no answer was given at, among them what has no time in UTC."""
    try:
        moment = time.astimezone(UTC)
    except (OverflowError, ValueError):
        moment = datetime.min.replace(tzinfo=UTC)
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise LabelError(f"An answer's time lies in the years {_FIRST_YEAR} to {_LAST_YEAR}.")
    return moment


def annotator_name(text: str) -> str:
    """The name as it is stored. Raises `LabelError` for an empty, overlong or unprintable one."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise LabelError(f"An annotator has a name of 1 to {LONGEST_NAME} printable characters.")
    return name


def _printable(text: str) -> str:
    """What of `text` every database and every screen can show."""
    return "".join(letter for letter in text if letter.isprintable())[:_LONGEST_TITLE]


def check_columns(verdicts: Iterable[ColumnVerdict], heads: tuple[int, ...], keys: int) -> None:
    """Check that a subject has every column.

    Args:
        verdicts: name the columns.
        heads: how many heads each layer has.
        keys: how many columns the input's maps have.

    Raises:
        LabelError: a column does not exist.
    """
    for verdict in verdicts:
        layer, head, key = verdict.column.layer, verdict.column.head, verdict.column.key
        if not (0 <= layer < len(heads) and 0 <= head < heads[layer] and 0 <= key < keys):
            raise LabelError(
                f"There is no layer {layer}, head {head}, column {key}: the subject has {len(heads)} layers of "
                f"{', '.join(map(str, sorted(set(heads))))} heads, and this input {keys} columns."
            )


def check_score(score: float | None) -> None:
    """Raise `LabelError` unless `score` is `None` or a number from 0 to 1."""
    if score is not None and not (math.isfinite(score) and 0 <= score <= 1):
        raise LabelError(f"A detector's score is a number from 0 to 1, not {score}.")
