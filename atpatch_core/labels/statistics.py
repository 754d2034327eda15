"""How far the labelling of a subject is, who did what, and how far the annotators agree."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import sqlalchemy as sa

from . import schema
from .agreement import Agreement, Tally, agreement
from .contract import Rest, State, Verdict
from .current import current_answers, opinions, shared_annotators
from .database import read
from .store import LabelStore


@dataclass(frozen=True)
class AnnotatorStatistics:
    """What one annotator did.

    Attributes:
        name: of the annotator.
        submitted: inputs.
        drafts: inputs.
        discarded: inputs.
        verdicts: in submitted answers.
        rest_benign: how many submitted answers say that all columns that they don't name are benign; the others say
            nothing about those.
    """

    name: str
    submitted: int
    drafts: int
    discarded: int
    verdicts: int
    rest_benign: int = 0


@dataclass(frozen=True)
class LabelStatistics:
    """The state of one subject's labels, or of all; only answers that count are counted.

    Attributes:
        inputs: in the queue.
        labelled: inputs with at least one submitted answer.
        doubly: inputs with at least two.
        verdicts: those in submitted answers by what they say.
        annotators: what each of them did.
        agreement: how far they agree.
        rest_benign: how many submitted answers call all columns benign that they don't name.
        unjudged: columns about which the others say nothing, and which are neither benign nor over-attended.
    """

    inputs: int
    labelled: int
    doubly: int
    verdicts: dict[str, int]
    annotators: tuple[AnnotatorStatistics, ...]
    agreement: Agreement
    rest_benign: int = 0
    unjudged: int = 0


def statistics(store: LabelStore, fingerprint: str | None = None) -> LabelStatistics:
    """Count and compare.

    Args:
        store: the label store.
        fingerprint: of the subject; all by default.

    Raises:
        LabelError: the store can't be read.
    """
    return read(store.engine, lambda connection: _statistics(connection, fingerprint))


def _statistics(connection: sa.Connection, fingerprint: str | None) -> LabelStatistics:
    items = sa.select(sa.func.count()).select_from(schema.items.join(schema.subjects))
    if fingerprint is not None:
        items = items.where(schema.subjects.c.fingerprint == fingerprint)
    inputs = connection.execute(items).scalar_one()
    current = current_answers(fingerprint).cte("current")
    states: dict[str, Counter[str]] = {}
    rests: Counter[str] = Counter()
    groups = (current.c.annotator, current.c.state, current.c.rest)
    for name, state, rest, count in connection.execute(sa.select(*groups, sa.func.count()).group_by(*groups)):
        states.setdefault(name, Counter())[state] += count
        if state == State.SUBMITTED and rest == Rest.BENIGN:
            rests[name] += count
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
                rests[name],
            )
            for name, counts in sorted(states.items())
        ),
        agreement=_agreement(connection, fingerprint),
        rest_benign=rests.total(),
        unjudged=_unjudged(connection, current),
    )


def _agreement(connection: sa.Connection, fingerprint: str | None) -> Agreement:
    """Everything is counted in the database: what comes out is a few rows, however many labels there are."""
    names = connection.execute(shared_annotators(fingerprint)).scalars().all()
    pair = names if len(names) == 2 else ()
    said = opinions(fingerprint, pair).subquery()
    fields = [said.c.over_attended, said.c.benign, said.c.unsure, said.c.unjudged]
    fields += [said.c[f"said_{number}"] for number in range(len(pair))]
    tallies: Counter[Tally] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for *kinds, count in connection.execute(sa.select(*fields, sa.func.count()).group_by(*fields)):
        over_attended, benign, unsure, unjudged = map(int, kinds[:4])
        tallies[over_attended, benign, unsure, unjudged] += count
        if pair:
            pairs[kinds[4], kinds[5]] += count
    return agreement(len(names), tallies, pairs)


def _unjudged(connection: sa.Connection, current: sa.CTE) -> int:
    """The columns about which submitted answers say nothing."""
    answered = (
        sa.select(schema.items.c.subject_id, schema.items.c["keys"], current.c.id)
        .select_from(current.join(schema.items, schema.items.c.id == current.c.item_id))
        .where(current.c.state == State.SUBMITTED.value, current.c.rest == Rest.UNJUDGED.value)
        .cte("answered")
    )
    subjects = connection.execute(sa.select(schema.subjects.c.id, schema.subjects.c.heads)).all()
    heads: dict[int, list[int]] = {row.id: row.heads for row in subjects}
    groups = connection.execute(
        sa.select(answered.c.subject_id, answered.c["keys"], sa.func.count()).group_by(
            answered.c.subject_id, answered.c["keys"]
        )
    )
    columns: int = sum(sum(heads[subject]) * keys * count for subject, keys, count in groups)
    named = sa.select(sa.func.count()).select_from(
        answered.join(schema.verdicts, schema.verdicts.c.answer_id == answered.c.id)
    )
    return columns - int(connection.execute(named).scalar_one())
