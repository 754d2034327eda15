"""What is written to a label store, within a transaction."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime

import sqlalchemy as sa

from ..errors import LabelError
from . import schema
from .contract import Answer, NewAnswer, NewInput, SubjectRef, Suggestion, check_columns
from .reading import named, with_verdicts


def add_input(connection: sa.Connection, subject: SubjectRef, new: NewInput, most_bytes: int) -> tuple[int, bool]:
    """Put an input into a subject's queue.

    Args:
        connection: within a transaction.
        subject: the model.
        new: the input.
        most_bytes: bounds the inputs kept in the store.

    Returns:
        The input's number, and whether it is new there.

    Raises:
        LabelError: the store is full or the subject is known with other layers or heads.
    """
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
    """Add an answer; see `LabelStore.save`.

    Args:
        connection: within a transaction.
        new: the answer.
        revision: its number; by default the next one.

    Raises:
        LabelError: the input is not in the subject's queue, has no such column, or the token is used for another
            answer.
    """
    table = schema.answers
    item = connection.execute(
        sa.select(schema.items.c.id, schema.items.c["keys"], schema.subjects.c.heads)
        .select_from(schema.items.join(schema.subjects))
        .where(*named(new.fingerprint, new.digest))
    ).first()
    if item is None:
        raise LabelError("This input is not in the subject's queue: send it to labelling first.")
    stored = connection.execute(sa.select(table).where(table.c.token == new.token)).first()
    if stored is not None:
        if (stored.item_id, stored.annotator) != (item.id, new.annotator):
            raise LabelError("This answer's token belongs to another answer: give it one of its own.")
        return with_verdicts(connection, [stored], (new.fingerprint, new.digest))[0]
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
                    "layer": given.column.layer,
                    "head": given.column.head,
                    "key": given.column.key,
                    "verdict": given.verdict.value,
                    "score": given.score,
                }
                for given in new.verdicts
            ],
        )
    return Answer(**{field.name: getattr(new, field.name) for field in fields(NewAnswer)}, revision=revision)


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


def item_number(connection: sa.Connection, fingerprint: str, digest: str) -> int:
    """The number of an input in a subject's queue.

    Args:
        connection: within a transaction.
        fingerprint: of the subject.
        digest: of the input.

    Raises:
        LabelError: the input is not in the queue.
    """
    found = connection.execute(
        sa.select(schema.items.c.id).select_from(schema.items.join(schema.subjects)).where(*named(fingerprint, digest))
    ).scalar()
    if found is None:
        raise LabelError("This input is not in the subject's queue: send it to labelling first.")
    return int(found)


def put_suggestion(connection: sa.Connection, item: int, suggestion: Suggestion) -> None:
    """Keep what a detector says about an input; what the same version said before is replaced.

    Args:
        connection: within a transaction.
        item: number of the input.
        suggestion: what the detector says.
    """
    table = schema.suggestions
    connection.execute(sa.delete(table).where(table.c.item_id == item, table.c.detector == suggestion.detector))
    connection.execute(
        sa.insert(table).values(
            item_id=item,
            detector=suggestion.detector,
            threshold=suggestion.threshold,
            uncertainty=suggestion.uncertainty,
            columns=[
                [suggested.column.layer, suggested.column.head, suggested.column.key, suggested.score]
                for suggested in suggestion.columns
            ],
            time=datetime.now(UTC),
        )
    )
