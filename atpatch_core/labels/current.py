"""Which answers count, and where annotators contradict each other, as queries."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from . import schema
from .contract import State

Rows = sa.Select[*tuple[Any, ...]]


def all_answers(fingerprint: str | None) -> Rows:
    """Every revision of every answer about the inputs of one subject, or of all."""
    query = sa.select(*schema.answers.c).select_from(schema.answers.join(schema.items).join(schema.subjects))
    return query if fingerprint is None else query.where(schema.subjects.c.fingerprint == fingerprint)


def current_answers(fingerprint: str | None) -> Rows:
    """The answers that count: of each annotator about each input, the highest revision.

    A draft without any verdict is an answer taken back, and counts as none.
    """
    answers, later = schema.answers, schema.answers.alias("later")
    empty = ~sa.exists().where(schema.verdicts.c.answer_id == answers.c.id)
    return all_answers(fingerprint).where(
        ~sa.and_(answers.c.state == State.DRAFT.value, empty),
        ~sa.exists().where(
            later.c.item_id == answers.c.item_id,
            later.c.annotator == answers.c.annotator,
            later.c.revision > answers.c.revision,
        ),
    )


def shared_verdicts(fingerprint: str | None) -> Rows:
    """(item, annotator, layer, head, column, verdict) of submitted answers about inputs that two or more answered."""
    shared = _shared_answers(fingerprint)
    table = schema.verdicts
    return sa.select(
        shared.c.item_id, shared.c.annotator, table.c.layer, table.c.head, table.c["key"], table.c.verdict
    ).select_from(shared.join(table, table.c.answer_id == shared.c.id))


def shared_annotators(fingerprint: str | None) -> sa.Select[str]:
    """The names of those who submitted such answers."""
    shared = _shared_answers(fingerprint)
    return sa.select(shared.c.annotator).distinct().order_by(shared.c.annotator)


def _shared_answers(fingerprint: str | None) -> sa.CTE:
    current = current_answers(fingerprint).where(schema.answers.c.state == State.SUBMITTED.value).cte("current")
    twice = sa.select(current.c.item_id).group_by(current.c.item_id).having(sa.func.count() > 1)
    return sa.select(current).where(current.c.item_id.in_(twice)).cte("shared")


def disagreements(connection: sa.Connection, fingerprint: str) -> dict[int, float]:
    """For each input that two or more answered: the share of columns judged by two or more that they disagree about."""
    rows = shared_verdicts(fingerprint).subquery()
    by_column = (
        sa.select(rows.c.item_id, sa.func.count(rows.c.verdict.distinct()).label("opinions"))
        .group_by(rows.c.item_id, rows.c.layer, rows.c.head, rows.c["key"])
        .having(sa.func.count() > 1)
        .subquery()
    )
    disputed = sa.func.sum(sa.case((by_column.c.opinions > 1, 1), else_=0))
    query = sa.select(by_column.c.item_id, disputed, sa.func.count()).group_by(by_column.c.item_id)
    return {item: float(differing) / count for item, differing, count in connection.execute(query)}
