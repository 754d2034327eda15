"""The label store: everything that is written goes through here, in one transaction each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType

import sqlalchemy as sa

from ..column import Column
from . import schema
from .contract import (
    Answer,
    NewAnswer,
    NewInput,
    QueueEntry,
    State,
    StoredInput,
    SubjectRef,
    SuggestedColumn,
    Suggestion,
    annotator_name,
)
from .current import Rows, all_answers, current_answers, disagreements
from .database import database_url, open_database, read, write
from .queue import in_active_learning_order, in_cold_start_order
from .reading import PAGE, items_of, named, page_of, stored_input, uncertainties, was_looked_at, with_verdicts
from .writing import add_answer, add_input, item_number, put_suggestion

MOST_BYTES = 2_000_000_000  # of inputs; so much of a disk a forgotten store may fill


@dataclass(frozen=True)
class LabelStore:
    """An open label store, safe to share between threads; processes open one each.

    Every method raises `LabelError` when the database fails.

    Attributes:
        engine: the database.
        most_bytes: bounds the inputs kept in it; two gigabytes by default.

    Example:
        >>> import tempfile
        >>> from atpatch_core.labels import ColumnVerdict, Verdict
        >>> with tempfile.TemporaryDirectory() as folder, LabelStore.open(f"sqlite:///{folder}/labels.sqlite") as store:
        ...     subject = SubjectRef("a model", "0" * 64, "image", heads=(4, 4))
        ...     new = NewInput(b"the bytes of an image", "image", keys=50)
        ...     added = store.enqueue(subject, new)
        ...     said = ColumnVerdict(Column(layer=0, head=1, key=49), Verdict.OVER_ATTENDED)
        ...     answer = store.save(NewAnswer(subject.fingerprint, new.digest, "Ada", State.SUBMITTED, (said,)))
        >>> answer.annotator, answer.revision
        ('Ada', 1)
    """

    engine: sa.Engine
    most_bytes: int = MOST_BYTES

    @classmethod
    def open(cls, url: str | None = None, most_bytes: int = MOST_BYTES) -> LabelStore:
        """Open a store.

        Args:
            url: of the database; by default `ATPATCH_DATABASE_URL`, or `.atpatch/labels.sqlite` here.
            most_bytes: bounds the inputs kept in it; two gigabytes by default.

        Raises:
            LabelError: it can't be opened or was made by a newer AtPatch.
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
        """Put an input into a subject's queue. Its bytes are stored once for all subjects.

        Args:
            subject: the model.
            new: the input.
            suggestion: what a detector says about it; nothing by default.

        Returns:
            Whether it is new there.

        Raises:
            LabelError: the store is full or the subject is known with other layers or heads.
        """

        def work(connection: sa.Connection) -> bool:
            item, added = add_input(connection, subject, new, self.most_bytes)
            if suggestion is not None:
                put_suggestion(connection, item, suggestion)
            return added

        return write(self.engine, work)

    def suggest(self, fingerprint: str, digest: str, suggestion: Suggestion) -> None:
        """Keep what a detector says about an input; what the same version said before is replaced.

        Args:
            fingerprint: of the subject.
            digest: of the input.
            suggestion: what the detector says.

        Raises:
            LabelError: the input is not in the subject's queue.
        """
        write(
            self.engine,
            lambda connection: put_suggestion(connection, item_number(connection, fingerprint, digest), suggestion),
        )

    def suggestion(self, fingerprint: str, digest: str, detector: str) -> Suggestion | None:
        """What a version of a detector said about an input.

        Args:
            fingerprint: of the subject.
            digest: of the input.
            detector: the version.

        Returns:
            `None` if it has not looked at the input.
        """
        table = schema.suggestions

        def work(connection: sa.Connection) -> Suggestion | None:
            row = connection.execute(
                sa.select(table.c.threshold, table.c.uncertainty, table.c["columns"])
                .select_from(table.join(schema.items).join(schema.subjects))
                .where(*named(fingerprint, digest), table.c.detector == detector)
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
        """Every input of a subject as one annotator finds it, what teaches most first (see `queue.py`).

        Args:
            fingerprint: of the subject.
            annotator: whose queue it is.
            detector: the version whose uncertainty counts; where it has not looked yet, that of the one that looked
                last.
        """
        name = annotator_name(annotator)

        def work(connection: sa.Connection) -> tuple[QueueEntry, ...]:
            uncertainty = uncertainties(connection, fingerprint, detector)
            answers: dict[int, dict[str, str]] = {}
            current = current_answers(fingerprint).subquery()
            for row in connection.execute(sa.select(current.c.item_id, current.c.annotator, current.c.state)):
                answers.setdefault(row.item_id, {})[row.annotator] = row.state
            disputed = disagreements(connection, fingerprint)
            entries = []
            for row in connection.execute(items_of(fingerprint)):
                given = answers.get(row.id, {})
                mine = given.get(name)
                entries.append(
                    QueueEntry(
                        item=stored_input(row),
                        state=None if mine is None else State(mine),
                        uncertainty=uncertainty.get(row.id),
                        disagreement=disputed.get(row.id, 0.0),
                        answers=sum(state == State.SUBMITTED for state in given.values()),
                    )
                )
            return (in_active_learning_order if was_looked_at(connection, fingerprint) else in_cold_start_order)(
                entries, name
            )

        return read(self.engine, work)

    def inputs(self, fingerprint: str, without: str | None = None) -> tuple[StoredInput, ...]:
        """The inputs of a subject in the order in which they came.

        Args:
            fingerprint: of the subject.
            without: only those that this version of a detector has not looked at; all by default.
        """

        def work(connection: sa.Connection) -> tuple[StoredInput, ...]:
            query = items_of(fingerprint)
            if without is not None:
                seen = sa.select(schema.suggestions.c.item_id).where(schema.suggestions.c.detector == without)
                query = query.where(schema.items.c.id.not_in(seen))
            return tuple(stored_input(row) for row in connection.execute(query))

        return read(self.engine, work)

    # --- answers ---------------------------------------------------------------------------------------------------

    def save(self, new: NewAnswer) -> Answer:
        """Add an answer as the next revision of the annotator's answers about its input.

        Args:
            new: the answer. Saving the same token again changes nothing.

        Returns:
            The answer as it is stored: it is on disk now.

        Raises:
            LabelError: the input is not in the subject's queue, has no such column, or the token is used for another
                answer.
        """
        return write(self.engine, lambda connection: add_answer(connection, new))

    def current(self, fingerprint: str, digest: str, annotator: str) -> Answer | None:
        """The answer of an annotator that counts, whatever its state.

        Args:
            fingerprint: of the subject.
            digest: of the input.
            annotator: whose answer it is.

        Returns:
            `None` if there is none.
        """
        name = annotator_name(annotator)
        found = [answer for answer in self.history(fingerprint, digest) if answer.annotator == name]
        return found[-1] if found else None

    def history(self, fingerprint: str, digest: str) -> tuple[Answer, ...]:
        """Every answer ever given about an input, revision by revision for each annotator."""
        query = (
            sa.select(*schema.answers.c, schema.subjects.c.fingerprint, schema.items.c.digest)
            .select_from(schema.answers.join(schema.items).join(schema.subjects))
            .where(*named(fingerprint, digest))
            .order_by(schema.answers.c.annotator, schema.answers.c.revision)
        )
        return read(self.engine, lambda connection: with_verdicts(connection, connection.execute(query).all()))

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
        query = items_of(fingerprint).where(schema.items.c.digest == digest)
        row = read(self.engine, lambda connection: connection.execute(query).first())
        return None if row is None else stored_input(row)

    def annotators(self) -> tuple[str, ...]:
        """Everyone who ever answered, by name."""
        query = sa.select(schema.answers.c.annotator).distinct().order_by(schema.answers.c.annotator)
        return tuple(read(self.engine, lambda connection: connection.execute(query).scalars().all()))

    def _paged(self, query: Rows) -> Iterator[Answer]:
        named = query.add_columns(schema.subjects.c.fingerprint, schema.items.c.digest).order_by(schema.answers.c.id)
        last = 0
        while True:
            page = named.where(schema.answers.c.id > last).limit(PAGE)
            last, found = read(self.engine, partial(page_of, query=page))
            yield from found
            if len(found) < PAGE:
                return
