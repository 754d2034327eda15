"""What is read from a label store, within a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import sqlalchemy as sa

from ..column import Column
from . import schema
from .contract import NO_DETECTOR, Answer, ColumnVerdict, Rest, State, StoredInput, Verdict
from .current import Rows

PAGE = 500
Row = sa.Row[*tuple[Any, ...]]


def was_looked_at(connection: sa.Connection, fingerprint: str) -> bool:
    """Whether any detector has looked at any of the inputs."""
    table = schema.suggestions
    query = (
        sa.select(table.c.id)
        .select_from(table.join(schema.items).join(schema.subjects))
        .where(schema.subjects.c.fingerprint == fingerprint, table.c.detector != NO_DETECTOR)
    )
    return connection.execute(query.limit(1)).first() is not None


def uncertainties(connection: sa.Connection, fingerprint: str, detector: str | None) -> dict[int, float]:
    """How uncertain a detector is about each input of a subject.

    Args:
        connection: within a transaction.
        fingerprint: of the subject.
        detector: the version that is asked first; where it has not looked yet, the one that looked last.

    Returns:
        By the numbers of the inputs; those that none has looked at are missing.
    """
    table = schema.suggestions
    rows = connection.execute(
        sa.select(table.c.item_id, table.c.uncertainty)
        .select_from(table.join(schema.items).join(schema.subjects))
        .where(schema.subjects.c.fingerprint == fingerprint)
        # The last row of an item wins below.
        .order_by(sa.case((table.c.detector == (detector or ""), 1), else_=0), table.c.time, table.c.id)
    )
    return {row.item_id: row.uncertainty for row in rows}


def named(fingerprint: str, digest: str) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """What picks an input of a subject out of the joined tables."""
    return schema.subjects.c.fingerprint == fingerprint, schema.items.c.digest == digest


def items_of(fingerprint: str) -> Rows:
    """The inputs of a subject, in the order in which they came."""
    return (
        sa.select(*schema.items.c, schema.subjects.c.fingerprint, schema.subjects.c.kind)
        .select_from(schema.items.join(schema.subjects))
        .where(schema.subjects.c.fingerprint == fingerprint)
        .order_by(schema.items.c.id)
    )


def stored_input(row: Row) -> StoredInput:
    """What a row of `items_of` says."""
    values = row._mapping
    return StoredInput(**{field.name: values[field.name] for field in fields(StoredInput)})


def page_of(connection: sa.Connection, query: Rows) -> tuple[int, tuple[Answer, ...]]:
    """The number of the last answer of a query (0 if it gives none), and its answers with their verdicts."""
    rows = connection.execute(query).all()
    return (rows[-1].id if rows else 0), with_verdicts(connection, rows)


def with_verdicts(
    connection: sa.Connection,
    rows: Sequence[Row],
    names: tuple[str, str] | None = None,
) -> tuple[Answer, ...]:
    """Answers with their verdicts.

    Args:
        connection: within a transaction.
        rows: of the table `answers`.
        names: fingerprint and digest of their input; by default they are fields of the rows.
    """
    table = schema.verdicts
    found: dict[int, list[ColumnVerdict]] = {}
    numbers = [row._mapping["id"] for row in rows]
    for start in range(0, len(numbers), PAGE):
        query = (
            sa.select(table)
            .where(table.c.answer_id.in_(numbers[start : start + PAGE]))
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
