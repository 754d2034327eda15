"""What is read from a label store, within a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import sqlalchemy as sa

from ..inspection import Column
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
    return schema.subjects.c.fingerprint == fingerprint, schema.items.c.digest == digest


def items_of(fingerprint: str) -> Rows:
    return (
        sa.select(*schema.items.c, schema.subjects.c.fingerprint, schema.subjects.c.kind)
        .select_from(schema.items.join(schema.subjects))
        .where(schema.subjects.c.fingerprint == fingerprint)
        .order_by(schema.items.c.id)
    )


def stored_input(row: Row) -> StoredInput:
    values = row._mapping
    return StoredInput(**{field.name: values[field.name] for field in fields(StoredInput)})


def page_of(connection: sa.Connection, query: Rows) -> tuple[int, tuple[Answer, ...]]:
    rows = connection.execute(query).all()
    return (rows[-1].id if rows else 0), with_verdicts(connection, rows)


def with_verdicts(
    connection: sa.Connection,
    rows: Sequence[Row],
    names: tuple[str, str] | None = None,
) -> tuple[Answer, ...]:
    """Answers of `answers` rows, whose fingerprint and digest are in the rows or else `names`."""
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
