"""Export labels to JSON Lines or Parquet and import them again, exactly; see `rows.py` for the fields."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from .. import limits
from ..errors import LabelError
from ..files.content import size
from ..files.damaged import DamagedError, OversizeError
from ..files.json_files import parse_json
from ..files.parquet_files import Fault, open_parquet
from ..files.whole_files import replacing
from . import schema
from .contract import Answer, SubjectRef
from .database import write
from .row_reading import ParsedRow, parse_row
from .rows import FIELDS, RowProblem, to_row
from .store import LabelStore
from .writing import add_answer, add_input

SUFFIXES = (".jsonl", ".parquet")
_PAGE = 200
# Parquet's types of the fields in `rows.py`.
ARROW = pa.schema(
    [
        pa.field("schema", pa.int32()),
        pa.field("subject", pa.string()),
        pa.field("fingerprint", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("heads", pa.list_(pa.int32())),
        pa.field("input_sha256", pa.string()),
        pa.field("input", pa.binary()),
        pa.field("keys", pa.int32()),
        pa.field("title", pa.string()),
        pa.field("source", pa.string()),
        pa.field("trace", pa.string()),
        pa.field("annotator", pa.string()),
        pa.field("state", pa.string()),
        pa.field("revision", pa.int32()),
        pa.field("time", pa.timestamp("us", tz="UTC")),
        pa.field("token", pa.string()),
        pa.field("detector", pa.string()),
        pa.field(
            "verdicts",
            pa.list_(
                pa.struct(
                    [
                        pa.field("layer", pa.int32()),
                        pa.field("head", pa.int32()),
                        pa.field("column", pa.int32()),
                        pa.field("verdict", pa.string()),
                        pa.field("score", pa.float64()),
                    ]
                )
            ),
        ),
        pa.field("rest", pa.string()),
        pa.field("suggestion_seen", pa.bool_()),
    ]
)

T = TypeVar("T")


@dataclass(frozen=True)
class ImportReport:
    """What became of a file's rows.

    Attributes:
        rows: how many there are.
        imported: how many answers are new.
        present: how many were stored before.
        refused: how many rows have a problem.
        problems: at most 1,000 of these.
    """

    rows: int
    imported: int
    present: int
    refused: int
    problems: tuple[RowProblem, ...]


def export_labels(store: LabelStore, answers: Iterable[Answer], out: Path) -> int:
    """Write answers to a file, with each input's bytes in the first row of each subject.

    Args:
        store: the label store.
        answers: `store.answers()` or `store.all_answers()`.
        out: a .jsonl or .parquet file; an existing one is replaced once all is written.

    Returns:
        How many were written.

    Raises:
        LabelError: the file is of another kind, or can't be written.
    """
    if out.suffix not in SUFFIXES:
        raise LabelError(f"Labels are written to .jsonl or .parquet, not to {out.name!r}: name such a file.")
    rows = _rows(store, answers)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with replacing(out) as file:
            return (_write_lines if out.suffix == ".jsonl" else _write_parquet)(file, rows)
    except OSError as error:
        raise LabelError(f"{out} can't be written ({error.strerror}): name another file.") from error


def import_labels(store: LabelStore, file: Path, about: SubjectRef | None = None) -> ImportReport:
    """Read every sound row of a file into the store, and say what is wrong with the others.

    Reading a file again changes nothing.

    Args:
        store: the label store.
        file: a .jsonl or .parquet file.
        about: the subject of rows that name none; by default such rows are refused.

    Raises:
        LabelError: the file is missing, damaged or of another kind; rows before the damage are kept.
    """
    if file.suffix not in SUFFIXES:
        raise LabelError(f"Labels are read from .jsonl or .parquet, not from {file.name!r}.")
    try:
        return _take_in(store, (_lines if file.suffix == ".jsonl" else _parquet)(file), about)
    except OSError as error:
        raise LabelError(f"{file} can't be read ({error.strerror or 'damaged'}): check the name.") from error


def _take_in(store: LabelStore, rows: Iterable[dict[str, Any] | Fault], about: SubjectRef | None) -> ImportReport:
    count = imported = present = refused = 0
    problems: list[RowProblem] = []
    for page in _batched(enumerate(rows, start=1), _PAGE):
        parsed, faults = [], []
        for number, row in page:
            count = number
            if isinstance(row, Fault):
                faults.append(RowProblem(number, row.field, row.problem))
            else:
                parsed.append(parse_row(number, row, about))
        new, old, more = write(store.engine, lambda connection, parsed=parsed: _put(connection, store, parsed))  # type: ignore[misc]
        imported, present = imported + new, present + old
        faults += more
        refused += len({fault.row for fault in faults})
        problems += sorted(faults, key=lambda fault: fault.row)[: limits.LABELS.problems - len(problems)]
    return ImportReport(count, imported, present, refused, tuple(problems))


def _put(connection: sa.Connection, store: LabelStore, rows: Iterable[ParsedRow]) -> tuple[int, int, list[RowProblem]]:
    imported = present = 0
    problems: list[RowProblem] = []
    for row in rows:
        problems += row.problems
        try:
            # An input is kept even if its row's answer is refused: later rows may be about it.
            if row.new is not None and row.subject is not None:
                with connection.begin_nested():
                    add_input(connection, row.subject, row.new, store.most_bytes)
            if row.answer is None:
                continue
            with connection.begin_nested():
                if _add(connection, row):
                    imported += 1
                else:
                    present += 1
        except LabelError as error:
            problems.append(RowProblem(row.number, "row", str(error)))
    return imported, present, problems


def _add(connection: sa.Connection, row: ParsedRow) -> bool:
    """Add the row's answer, unless it is there; raises `LabelError` if a later answer would be hidden by it."""
    new, table = row.answer, schema.answers
    assert new is not None
    if connection.execute(sa.select(table.c.id).where(table.c.token == new.token)).first() is not None:
        stored = add_answer(connection, new)  # refuses a token that belongs to another input or annotator
        if (stored.state, stored.verdicts) != (new.state, new.verdicts):
            raise LabelError("This answer's token belongs to another answer: give it one of its own.")
        return False
    mine = sa.and_(
        table.c.annotator == new.annotator,
        schema.items.c.digest == new.digest,
        schema.subjects.c.fingerprint == new.fingerprint,
    )
    joined = table.join(schema.items).join(schema.subjects)
    earlier = connection.execute(sa.select(table.c.revision, table.c.time).select_from(joined).where(mine)).all()
    revision = row.revision
    if revision in {stored.revision for stored in earlier} or (revision is None and earlier):
        if max(stored.time for stored in earlier) >= new.time:
            raise LabelError(f"{new.annotator} has already given a later answer about this input.")
        revision = None
    add_answer(connection, new, revision)
    return True


def _rows(store: LabelStore, answers: Iterable[Answer]) -> Iterator[dict[str, Any]]:
    subjects = {subject.fingerprint: subject for subject in store.subjects()}
    written: set[tuple[str, str]] = set()
    for answer in answers:
        about = store.stored_input(answer.fingerprint, answer.digest)
        assert about is not None  # a foreign key sees to it
        place = (answer.fingerprint, answer.digest)
        content = None if place in written else store.content(answer.digest)
        written.add(place)
        yield to_row(subjects[answer.fingerprint], about, content, answer)


def _batched(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """Pages of rows; if reading fails, those before the failure come first."""
    page: list[T] = []
    try:
        for row in rows:
            page.append(row)
            if len(page) == size:
                yield page
                page = []
    except LabelError:
        if page:
            yield page
        raise
    if page:
        yield page


def _write_lines(file: IO[bytes], rows: Iterable[dict[str, Any]]) -> int:
    count = 0
    for row in rows:
        file.write(json.dumps(row, default=_as_text, ensure_ascii=False, allow_nan=False).encode() + b"\n")
        count += 1
    return count


def _write_parquet(file: IO[bytes], rows: Iterable[dict[str, Any]]) -> int:
    count = 0
    with pq.ParquetWriter(file, ARROW, compression="zstd") as writer:
        for page in _batched(rows, _PAGE):
            writer.write_table(pa.Table.from_pylist(page, schema=ARROW))
            count += len(page)
    return count


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"No JSON for {type(value).__name__}.")


def _lines(path: Path) -> Iterator[dict[str, Any] | Fault]:
    """The object of each line, or what is wrong with the line; empty lines are passed over."""
    with path.open("rb") as file:
        most = limits.LABELS.line
        while line := file.readline(most + 1):
            if len(line) > most:
                yield Fault("row", f"The line is longer than {size(most)}.")
                while not line.endswith(b"\n") and line:
                    line = file.readline(most)
            elif line.strip():
                yield _object(line)


def _object(line: bytes) -> dict[str, Any] | Fault:
    with suppress(ValueError):
        value = parse_json(line, on_constant=_no_constant)
        if isinstance(value, dict):
            return value
    return Fault("row", "The line is not a JSON object in UTF-8 with each field once.")


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON.")


def _parquet(path: Path) -> Iterator[dict[str, Any] | Fault]:
    try:
        with open_parquet(path) as file:
            if not set(file.names) & set(FIELDS):
                raise LabelError(f"{path.name} holds no labels: none of its columns is one of {', '.join(FIELDS)}.")
            yield from file.rows(file.names)
    except OversizeError as error:
        raise LabelError(f"{path.name} is too large to be read: {error}") from error
    except DamagedError as error:
        raise LabelError(f"{path.name} is no Parquet file, or it is damaged: export it again.") from error
