"""How far the labelling of a subject is, who did what, and how far the annotators agree."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from . import schema
from .agreement import Agreement, Tally, agreement
from .contract import State, Verdict
from .current import current_answers, shared_annotators, shared_verdicts
from .database import read
from .store import LabelStore


@dataclass(frozen=True)
class AnnotatorStatistics:
    """What one annotator did: inputs by state, and verdicts in submitted answers."""

    name: str
    submitted: int
    drafts: int
    discarded: int
    verdicts: int


@dataclass(frozen=True)
class LabelStatistics:
    """The state of one subject's labels, or of all; only answers that count are counted.

    `labelled` inputs have at least one submitted answer, `doubly` labelled ones at least two; `verdicts` counts those
    in submitted answers by what they say.
    """

    inputs: int
    labelled: int
    doubly: int
    verdicts: dict[str, int]
    annotators: tuple[AnnotatorStatistics, ...]
    agreement: Agreement


def statistics(store: LabelStore, fingerprint: str | None = None) -> LabelStatistics:
    """Count and compare. Raises `LabelError` when the store can't be read."""
    return read(store.engine, lambda connection: _statistics(connection, fingerprint))


def _statistics(connection: sa.Connection, fingerprint: str | None) -> LabelStatistics:
    items = sa.select(sa.func.count()).select_from(schema.items.join(schema.subjects))
    if fingerprint is not None:
        items = items.where(schema.subjects.c.fingerprint == fingerprint)
    inputs = connection.execute(items).scalar_one()
    current = current_answers(fingerprint).cte("current")
    states: dict[str, Counter[str]] = {}
    for name, state, count in connection.execute(
        sa.select(current.c.annotator, current.c.state, sa.func.count()).group_by(current.c.annotator, current.c.state)
    ):
        states.setdefault(name, Counter())[state] = count
    said: Counter[str] = Counter({verdict.value: 0 for verdict in Verdict})
    by_annotator: Counter[str] = Counter()
    submitted = sa.and_(schema.verdicts.c.answer_id == current.c.id, current.c.state == State.SUBMITTED.value)
    for name, verdict, count in connection.execute(
        sa.select(current.c.annotator, schema.verdicts.c.verdict, sa.func.count())
        .select_from(current.join(schema.verdicts, submitted))
        .group_by(current.c.annotator, schema.verdicts.c.verdict)
    ):
        said[verdict] += count
        by_annotator[name] += count
    answers = (
        sa.select(sa.func.count().label("answers"))
        .where(current.c.state == State.SUBMITTED.value)
        .group_by(current.c.item_id)
        .subquery()
    )
    times = connection.execute(sa.select(answers.c.answers, sa.func.count()).group_by(answers.c.answers)).all()
    return LabelStatistics(
        inputs=inputs,
        labelled=sum(count for _, count in times),
        doubly=sum(count for number, count in times if number > 1),
        verdicts=dict(said),
        annotators=tuple(
            AnnotatorStatistics(
                name,
                counts[State.SUBMITTED.value],
                counts[State.DRAFT.value],
                counts[State.DISCARDED.value],
                by_annotator[name],
            )
            for name, counts in sorted(states.items())
        ),
        agreement=_agreement(connection, fingerprint),
    )


def _agreement(connection: sa.Connection, fingerprint: str | None) -> Agreement:
    """Everything is counted in the database: what comes out is a few rows, however many labels there are."""
    names = connection.execute(shared_annotators(fingerprint)).scalars().all()
    rows = shared_verdicts(fingerprint).subquery()

    def times(verdict: Verdict) -> sa.ColumnElement[int]:
        return sa.func.sum(sa.case((rows.c.verdict == verdict.value, 1), else_=0))

    def said_by(name: str) -> sa.ColumnElement[str]:
        return sa.func.max(sa.case((rows.c.annotator == name, rows.c.verdict), else_=None))

    opinions: list[sa.Label[Any]] = [times(verdict).label(f"times_{number}") for number, verdict in enumerate(Verdict)]
    if len(names) == 2:
        opinions += [said_by(name).label(f"said_{number}") for number, name in enumerate(names)]
    columns = (
        sa.select(*opinions)
        .group_by(rows.c.item_id, rows.c.layer, rows.c.head, rows.c["key"])
        .having(sa.func.count() > 1)
        .subquery()
    )
    tallies: Counter[Tally] = Counter()
    pairs: Counter[tuple[Verdict, Verdict]] = Counter()
    for *said, count in connection.execute(sa.select(*columns.c, sa.func.count()).group_by(*columns.c)):
        over_attended, benign, unsure = map(int, said[:3])
        tallies[over_attended, benign, unsure] += count
        if len(names) == 2:
            pairs[Verdict(said[3]), Verdict(said[4])] += count
    return agreement(len(names), tallies, pairs)
