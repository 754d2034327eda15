"""The label store: everything that is written goes through here, in one transaction each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import sqlalchemy as sa

from ..errors import LabelError
from ..inspection import Column
from . import schema
from .contract import (
    NO_DETECTOR,
    Answer,
    ColumnVerdict,
    NewAnswer,
    NewInput,
    QueueEntry,
    Rest,
    State,
    StoredInput,
    SubjectRef,
    SuggestedColumn,
    Suggestion,
    Verdict,
    annotator_name,
    check_columns,
)
from .current import Rows, all_answers, current_answers, disagreements
from .database import database_url, open_database, read, write
from .queue import in_blind_order, in_teaching_order

MOST_BYTES = 2_000_000_000
_PAGE = 500
_Row = sa.Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class LabelStore:
    """An open label store, safe to share between threads; processes open one each.

    `most_bytes` bounds the inputs kept in it. Every method raises `LabelError` when the database fails.
    """

    engine: sa.Engine
    most_bytes: int = MOST_BYTES

    @classmethod
    def open(cls, url: str | None = None, most_bytes: int = MOST_BYTES) -> LabelStore:
        """Open the store at `url` (default: `ATPATCH_DATABASE_URL`, or `.atpatch/labels.sqlite` here).

        Raises `LabelError` when it can't be opened or was made by a newer AtPatch.
        """
        return cls(open_database(url or database_url()), most_bytes)

    @classmethod
    def in_file(cls, file: Path) -> LabelStore:
        """Open the store in `ATPATCH_DATABASE_URL` if that is set, otherwise in this SQLite file."""
        return cls(open_database(database_url(file)))

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()

    def __enter__(self) -> LabelStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- what is to be labelled ------------------------------------------------------------------------------------

    def enqueue(self, subject: SubjectRef, new: NewInput, suggestion: Suggestion | None = None) -> bool:
        """Put an input into a subject's queue; returns whether it is new there. Its bytes are stored once for all.

        Raises `LabelError` when the store is full or the subject is known with other layers or heads.
        """

        def work(connection: sa.Connection) -> bool:
            item, added = add_input(connection, subject, new, self.most_bytes)
            if suggestion is not None:
                _put_suggestion(connection, item, suggestion)
            return added

        return write(self.engine, work)

    def suggest(self, fingerprint: str, digest: str, suggestion: Suggestion) -> None:
        """Keep what a detector says about an input; what the same version said before is replaced."""
        write(
            self.engine,
            lambda connection: _put_suggestion(connection, _item(connection, fingerprint, digest), suggestion),
        )

    def suggestion(self, fingerprint: str, digest: str, detector: str) -> Suggestion | None:
        """What this version of a detector said about an input."""
        table = schema.suggestions

        def work(connection: sa.Connection) -> Suggestion | None:
            row = connection.execute(
                sa.select(table.c.threshold, table.c.uncertainty, table.c["columns"])
                .select_from(table.join(schema.items).join(schema.subjects))
                .where(*_names(fingerprint, digest), table.c.detector == detector)
            ).first()
            if row is None:
                return None
            columns = tuple(SuggestedColumn(Column(*place), score) for *place, score in row[2])
            return Suggestion(detector, row.threshold, row.uncertainty, columns)

        return read(self.engine, work)

    def content(self, digest: str) -> bytes | None:
        """The bytes of an input, or `None` if it was never here."""
        query = sa.select(schema.contents.c.bytes).where(schema.contents.c.digest == digest)
        return read(self.engine, lambda connection: connection.execute(query).scalar())

    def subjects(self) -> tuple[SubjectRef, ...]:
        """All subjects that anything was queued for, in the order in which they came."""
        table = schema.subjects
        query = sa.select(table.c.name, table.c.fingerprint, table.c.kind, table.c.heads).order_by(table.c.id)
        rows = read(self.engine, lambda connection: connection.execute(query).all())
        return tuple(SubjectRef(row.name, row.fingerprint, row.kind, tuple(row.heads)) for row in rows)

    def queue(self, fingerprint: str, annotator: str, detector: str | None = None) -> tuple[QueueEntry, ...]:
        """Every input of a subject as `annotator` finds it, what teaches most first (see `queue.py`).

        The uncertainty is that of `detector`; where that version has not looked yet, of the one that looked last.
        """
        name = annotator_name(annotator)

        def work(connection: sa.Connection) -> tuple[QueueEntry, ...]:
            uncertainty = _uncertainties(connection, fingerprint, detector)
            answers: dict[int, dict[str, str]] = {}
            current = current_answers(fingerprint).subquery()
            for row in connection.execute(sa.select(current.c.item_id, current.c.annotator, current.c.state)):
                answers.setdefault(row.item_id, {})[row.annotator] = row.state
            disputed = disagreements(connection, fingerprint)
            entries = []
            for row in connection.execute(_items_of(fingerprint)):
                given = answers.get(row.id, {})
                mine = given.get(name)
                entries.append(
                    QueueEntry(
                        item=_stored(row),
                        state=None if mine is None else State(mine),
                        uncertainty=uncertainty.get(row.id),
                        disagreement=disputed.get(row.id, 0.0),
                        answers=sum(state == State.SUBMITTED for state in given.values()),
                    )
                )
            return (in_teaching_order if _was_looked_at(connection, fingerprint) else in_blind_order)(entries, name)

        return read(self.engine, work)

    def inputs(self, fingerprint: str, without: str | None = None) -> tuple[StoredInput, ...]:
        """The inputs of a subject as they came; only those that detector version `without` has not looked at."""

        def work(connection: sa.Connection) -> tuple[StoredInput, ...]:
            query = _items_of(fingerprint)
            if without is not None:
                seen = sa.select(schema.suggestions.c.item_id).where(schema.suggestions.c.detector == without)
                query = query.where(schema.items.c.id.not_in(seen))
            return tuple(_stored(row) for row in connection.execute(query))

        return read(self.engine, work)

    # --- answers ---------------------------------------------------------------------------------------------------

    def save(self, new: NewAnswer) -> Answer:
        """Add an answer as the next revision of the annotator's answers about its input.

        When this returns, the answer is on disk. Saving the same token again returns what is stored already. Raises
        `LabelError` when the input is not in the subject's queue, has no such column, or the token is used for another.
        """
        return write(self.engine, lambda connection: add_answer(connection, new))

    def current(self, fingerprint: str, digest: str, annotator: str) -> Answer | None:
        """The answer of this annotator that counts, whatever its state."""
        name = annotator_name(annotator)
        found = [one for one in self.history(fingerprint, digest) if one.annotator == name]
        return found[-1] if found else None

    def history(self, fingerprint: str, digest: str) -> tuple[Answer, ...]:
        """Every answer ever given about an input, revision by revision for each annotator."""
        query = (
            sa.select(*schema.answers.c, schema.subjects.c.fingerprint, schema.items.c.digest)
            .select_from(schema.answers.join(schema.items).join(schema.subjects))
            .where(*_names(fingerprint, digest))
            .order_by(schema.answers.c.annotator, schema.answers.c.revision)
        )
        return read(self.engine, lambda connection: _with_verdicts(connection, connection.execute(query).all()))

    def answers(self, fingerprint: str | None = None) -> Iterator[Answer]:
        """The answers that count, of one subject or of all, in the order in which they were stored."""
        return self._paged(current_answers(fingerprint))

    def all_answers(self, fingerprint: str | None = None) -> Iterator[Answer]:
        """Every answer ever given, revisions included, in the order in which they were stored."""
        return self._paged(all_answers(fingerprint))

    def newest(self, fingerprint: str) -> int:
        """A number that grows with every answer about an input of a subject; 0 before the first."""
        query = sa.select(sa.func.max(schema.answers.c.id)).select_from(
            schema.answers.join(schema.items).join(schema.subjects)
        )
        query = query.where(schema.subjects.c.fingerprint == fingerprint)
        return read(self.engine, lambda connection: connection.execute(query).scalar()) or 0

    def stored_input(self, fingerprint: str, digest: str) -> StoredInput | None:
        """What is known about an input of a subject."""
        query = _items_of(fingerprint).where(schema.items.c.digest == digest)
        row = read(self.engine, lambda connection: connection.execute(query).first())
        return None if row is None else _stored(row)

    def annotators(self) -> tuple[str, ...]:
        """Everyone who ever answered, by name."""
        query = sa.select(schema.answers.c.annotator).distinct().order_by(schema.answers.c.annotator)
        return tuple(read(self.engine, lambda connection: connection.execute(query).scalars().all()))

    def _paged(self, query: Rows) -> Iterator[Answer]:
        named = query.add_columns(schema.subjects.c.fingerprint, schema.items.c.digest).order_by(schema.answers.c.id)
        last = 0
        while True:
            page = named.where(schema.answers.c.id > last).limit(_PAGE)
            last, found = read(self.engine, partial(_page, query=page))
            yield from found
            if len(found) < _PAGE:
                return


def add_input(connection: sa.Connection, subject: SubjectRef, new: NewInput, most_bytes: int) -> tuple[int, bool]:
    """Put an input into a subject's queue within a transaction: its number, and whether it is new there."""
    subject_id = _subject_id(connection, subject)
    table = schema.items
    item = connection.execute(
        sa.select(table.c.id).where(table.c.subject_id == subject_id, table.c.digest == new.digest)
    ).scalar()
    if item is not None:
        return int(item), False
    _keep_bytes(connection, new, most_bytes)
    values = {
        "subject_id": subject_id,
        "digest": new.digest,
        "keys": new.keys,
        "title": new.title,
        "source": new.source,
        "trace": new.trace,
        "added": datetime.now(UTC),
    }
    return int(connection.execute(sa.insert(table).values(values).returning(table.c.id)).scalar_one()), True


def add_answer(connection: sa.Connection, new: NewAnswer, revision: int | None = None) -> Answer:
    """Add an answer within a transaction, as revision `revision` or else as the next one; see `LabelStore.save`."""
    table = schema.answers
    item = connection.execute(
        sa.select(schema.items.c.id, schema.items.c["keys"], schema.subjects.c.heads)
        .select_from(schema.items.join(schema.subjects))
        .where(*_names(new.fingerprint, new.digest))
    ).first()
    if item is None:
        raise LabelError("This input is not in the subject's queue: send it to labelling first.")
    stored = connection.execute(sa.select(table).where(table.c.token == new.token)).first()
    if stored is not None:
        if (stored.item_id, stored.annotator) != (item.id, new.annotator):
            raise LabelError("This answer's token belongs to another answer: give it one of its own.")
        return _with_verdicts(connection, [stored], (new.fingerprint, new.digest))[0]
    check_columns(new.verdicts, tuple(item.heads), item.keys)
    if revision is None:
        highest = sa.select(sa.func.coalesce(sa.func.max(table.c.revision), 0)).where(
            table.c.item_id == item.id, table.c.annotator == new.annotator
        )
        revision = connection.execute(highest).scalar_one() + 1
    answer_id = connection.execute(
        sa.insert(table)
        .values(
            token=new.token,
            item_id=item.id,
            annotator=new.annotator,
            revision=revision,
            state=new.state.value,
            detector=new.detector,
            time=new.time,
            rest=new.rest.value,
            suggestion_seen=new.suggestion_seen,
        )
        .returning(table.c.id)
    ).scalar_one()
    if new.verdicts:
        connection.execute(
            sa.insert(schema.verdicts),
            [
                {
                    "answer_id": answer_id,
                    "layer": one.column.layer,
                    "head": one.column.head,
                    "key": one.column.key,
                    "verdict": one.verdict.value,
                    "score": one.score,
                }
                for one in new.verdicts
            ],
        )
    return Answer(**{one.name: getattr(new, one.name) for one in fields(NewAnswer)}, revision=revision)


def _subject_id(connection: sa.Connection, subject: SubjectRef) -> int:
    table = schema.subjects
    row = connection.execute(
        sa.select(table.c.id, table.c.kind, table.c.heads).where(table.c.fingerprint == subject.fingerprint)
    ).first()
    if row is not None:
        if (row.kind, tuple(row.heads)) != (subject.kind, subject.heads):
            raise LabelError(f"{subject.name} is already here with other layers or heads: its fingerprint is wrong.")
        return int(row.id)
    new = sa.insert(table).values(
        fingerprint=subject.fingerprint, name=subject.name, kind=subject.kind, heads=list(subject.heads)
    )
    return int(connection.execute(new.returning(table.c.id)).scalar_one())


def _keep_bytes(connection: sa.Connection, new: NewInput, most_bytes: int) -> None:
    table = schema.contents
    if connection.execute(sa.select(table.c.size).where(table.c.digest == new.digest)).first() is not None:
        return
    held = connection.execute(sa.select(sa.func.coalesce(sa.func.sum(table.c.size), 0))).scalar_one()
    if held + len(new.content) > most_bytes:
        raise LabelError(f"The label store is full ({held:,} of {most_bytes:,} bytes): export it and start a new one.")
    connection.execute(sa.insert(table).values(digest=new.digest, size=len(new.content), bytes=new.content))


def _item(connection: sa.Connection, fingerprint: str, digest: str) -> int:
    found = connection.execute(
        sa.select(schema.items.c.id).select_from(schema.items.join(schema.subjects)).where(*_names(fingerprint, digest))
    ).scalar()
    if found is None:
        raise LabelError("This input is not in the subject's queue: send it to labelling first.")
    return int(found)


def _put_suggestion(connection: sa.Connection, item: int, suggestion: Suggestion) -> None:
    table = schema.suggestions
    connection.execute(sa.delete(table).where(table.c.item_id == item, table.c.detector == suggestion.detector))
    connection.execute(
        sa.insert(table).values(
            item_id=item,
            detector=suggestion.detector,
            threshold=suggestion.threshold,
            uncertainty=suggestion.uncertainty,
            columns=[[one.column.layer, one.column.head, one.column.key, one.score] for one in suggestion.columns],
            time=datetime.now(UTC),
        )
    )


def _was_looked_at(connection: sa.Connection, fingerprint: str) -> bool:
    """Whether any detector has looked at any of the inputs."""
    table = schema.suggestions
    query = (
        sa.select(table.c.id)
        .select_from(table.join(schema.items).join(schema.subjects))
        .where(schema.subjects.c.fingerprint == fingerprint, table.c.detector != NO_DETECTOR)
    )
    return connection.execute(query.limit(1)).first() is not None


def _uncertainties(connection: sa.Connection, fingerprint: str, detector: str | None) -> dict[int, float]:
    table = schema.suggestions
    rows = connection.execute(
        sa.select(table.c.item_id, table.c.uncertainty)
        .select_from(table.join(schema.items).join(schema.subjects))
        .where(schema.subjects.c.fingerprint == fingerprint)
        # The last row of an item wins below.
        .order_by(sa.case((table.c.detector == (detector or ""), 1), else_=0), table.c.time, table.c.id)
    )
    return {row.item_id: row.uncertainty for row in rows}


def _names(fingerprint: str, digest: str) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return schema.subjects.c.fingerprint == fingerprint, schema.items.c.digest == digest


def _items_of(fingerprint: str) -> Rows:
    return (
        sa.select(*schema.items.c, schema.subjects.c.fingerprint, schema.subjects.c.kind)
        .select_from(schema.items.join(schema.subjects))
        .where(schema.subjects.c.fingerprint == fingerprint)
        .order_by(schema.items.c.id)
    )


def _stored(row: _Row) -> StoredInput:
    values = row._mapping
    return StoredInput(**{one.name: values[one.name] for one in fields(StoredInput)})


def _page(connection: sa.Connection, query: Rows) -> tuple[int, tuple[Answer, ...]]:
    rows = connection.execute(query).all()
    return (rows[-1].id if rows else 0), _with_verdicts(connection, rows)


def _with_verdicts(
    connection: sa.Connection,
    rows: Sequence[_Row],
    names: tuple[str, str] | None = None,
) -> tuple[Answer, ...]:
    """Answers of `answers` rows, whose fingerprint and digest are in the rows or else `names`."""
    table = schema.verdicts
    found: dict[int, list[ColumnVerdict]] = {}
    numbers = [row._mapping["id"] for row in rows]
    for start in range(0, len(numbers), _PAGE):
        query = (
            sa.select(table)
            .where(table.c.answer_id.in_(numbers[start : start + _PAGE]))
            .order_by(table.c.answer_id, table.c.layer, table.c.head, table.c["key"])
        )
        for answer_id, layer, head, key, verdict, score in connection.execute(query):
            found.setdefault(answer_id, []).append(ColumnVerdict(Column(layer, head, key), Verdict(verdict), score))
    answers = []
    for row in rows:
        values = row._mapping
        fingerprint, digest = names or (values["fingerprint"], values["digest"])
        answers.append(
            Answer(
                fingerprint=fingerprint,
                digest=digest,
                annotator=values["annotator"],
                state=State(values["state"]),
                verdicts=tuple(found.get(values["id"], ())),
                detector=values["detector"],
                token=values["token"],
                time=values["time"],
                rest=Rest(values["rest"]),
                suggestion_seen=values["suggestion_seen"],
                revision=values["revision"],
            )
        )
    return tuple(answers)
