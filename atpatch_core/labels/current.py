"""Which answers count, and where annotators contradict each other, as queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from . import schema
from .contract import Rest, State, Verdict

Rows = sa.Select[*tuple[Any, ...]]


def all_answers(fingerprint: str | None) -> Rows:
    """Every revision of every answer about the inputs of one subject, or of all."""
    query = sa.select(*schema.answers.c).select_from(schema.answers.join(schema.items).join(schema.subjects))
    return query if fingerprint is None else query.where(schema.subjects.c.fingerprint == fingerprint)


def current_answers(fingerprint: str | None) -> Rows:
    """The answers that count: of each annotator about each input, the highest revision.

    A draft that says nothing about any column is an answer taken back, and counts as none.
    """
    answers, later = schema.answers, schema.answers.alias("later")
    empty = sa.and_(
        answers.c.rest == Rest.UNJUDGED.value, ~sa.exists().where(schema.verdicts.c.answer_id == answers.c.id)
    )
    return all_answers(fingerprint).where(
        ~sa.and_(answers.c.state == State.DRAFT.value, empty),
        ~sa.exists().where(
            later.c.item_id == answers.c.item_id,
            later.c.annotator == answers.c.annotator,
            later.c.revision > answers.c.revision,
        ),
    )


def opinions(fingerprint: str | None, names: Sequence[str] = ()) -> Rows:
    """What was said about every column that anyone named, in the inputs that two or more answered.

    "The rest is benign" counts as benign for a column that its annotator did not name; an annotator who said neither
    counts as not having judged it.

    Args:
        fingerprint: of the subject; `None` for all.
        names: of annotators whose single opinions are wanted; none by default.

    Returns:
        Rows of (item_id, layer, head, key, over_attended, benign, unsure, unjudged): how many of those who answered the
        input say what. For each of `names` there is a further field (`said_0`, ...) with what this annotator says: a
        verdict or "unjudged", or null where the annotator did not answer the input.
    """
    shared, table = _shared_answers(fingerprint), schema.verdicts
    benign_rest = sa.case((shared.c.rest == Rest.BENIGN.value, 1), else_=0)
    by_item = (
        sa.select(
            shared.c.item_id,
            sa.func.count().label("answers"),
            sa.func.sum(benign_rest).label("rests"),
            *(
                sa.func.max(sa.case((shared.c.annotator == name, shared.c.rest), else_=None)).label(f"rest_{number}")
                for number, name in enumerate(names)
            ),
        )
        .group_by(shared.c.item_id)
        .subquery()
    )

    def times(verdict: Verdict) -> sa.ColumnElement[int]:
        return sa.func.sum(sa.case((table.c.verdict == verdict.value, 1), else_=0))

    place = (shared.c.item_id, table.c.layer, table.c.head, table.c["key"])
    named = (
        sa.select(
            *place,
            sa.func.count().label("named"),
            sa.func.sum(benign_rest).label("named_by_rests"),
            *(times(verdict).label(f"times_{number}") for number, verdict in enumerate(Verdict)),
            *(
                sa.func.max(sa.case((shared.c.annotator == name, table.c.verdict), else_=None)).label(f"named_{number}")
                for number, name in enumerate(names)
            ),
        )
        .select_from(shared.join(table, table.c.answer_id == shared.c.id))
        .group_by(*place)
        .subquery()
    )
    as_rest = by_item.c.rests - named.c.named_by_rests
    return sa.select(
        named.c.item_id,
        named.c.layer,
        named.c.head,
        named.c["key"],
        named.c.times_0.label("over_attended"),
        (named.c.times_1 + as_rest).label("benign"),
        named.c.times_2.label("unsure"),
        (by_item.c.answers - named.c.named - as_rest).label("unjudged"),
        *(
            sa.func.coalesce(named.c[f"named_{number}"], by_item.c[f"rest_{number}"]).label(f"said_{number}")
            for number in range(len(names))
        ),
    ).select_from(named.join(by_item, by_item.c.item_id == named.c.item_id))


def contradictory(said: sa.Subquery) -> sa.ColumnElement[bool]:
    """Whether two or more verdicts were given to a column of `opinions`."""
    kinds = [sa.case((said.c[name] > 0, 1), else_=0) for name in ("over_attended", "benign", "unsure")]
    return kinds[0] + kinds[1] + kinds[2] > 1


def shared_annotators(fingerprint: str | None) -> sa.Select[str]:
    """The names of those who submitted such answers."""
    shared = _shared_answers(fingerprint)
    return sa.select(shared.c.annotator).distinct().order_by(shared.c.annotator)


def shared_answers(fingerprint: str | None) -> Rows:
    """The submitted answers that count, about inputs that two or more answered."""
    return sa.select(_shared_answers(fingerprint))


def _shared_answers(fingerprint: str | None) -> sa.CTE:
    current = current_answers(fingerprint).where(schema.answers.c.state == State.SUBMITTED.value).cte("current")
    twice = sa.select(current.c.item_id).group_by(current.c.item_id).having(sa.func.count() > 1)
    return sa.select(current).where(current.c.item_id.in_(twice)).cte("shared")


def disagreements(connection: sa.Connection, fingerprint: str) -> dict[int, float]:
    """For each input that two or more answered: the share of columns judged by two or more that they disagree about."""
    said = opinions(fingerprint).subquery()
    disputed = sa.func.sum(sa.case((contradictory(said), 1), else_=0))
    query = (
        sa.select(said.c.item_id, disputed, sa.func.count())
        .where(said.c.over_attended + said.c.benign + said.c.unsure > 1)
        .group_by(said.c.item_id)
    )
    return {item: float(differing) / count for item, differing, count in connection.execute(query)}
