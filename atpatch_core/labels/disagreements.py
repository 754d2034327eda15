"""Where annotators differ: which column of which input, and who said what."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from ..column import Column
from . import schema
from .contract import Rest, Verdict
from .current import contradictory, opinions, shared_answers
from .database import read
from .store import LabelStore

_PAGE = 500


@dataclass(frozen=True)
class Opinion:
    """What one annotator says about a column.

    Attributes:
        annotator: who.
        verdict: `None` for nothing.
        by_name: `False` for what was said of the rest only.
    """

    annotator: str
    verdict: Verdict | None
    by_name: bool


@dataclass(frozen=True)
class Disagreement:
    """A column of an input about which those who answered the input did not all say the same.

    Attributes:
        subject: fingerprint of the model's weights.
        digest: of the input.
        title: of the input.
        column: which one.
        contradiction: whether they gave it different verdicts; otherwise some of them did not judge it.
        opinions: what each of them says.
    """

    subject: str
    digest: str
    title: str
    column: Column
    contradiction: bool
    opinions: tuple[Opinion, ...]


@dataclass(frozen=True)
class Disagreements:
    """Where annotators differ.

    Attributes:
        listed: the first of them: contradictions, then what some call over-attended and others left unjudged.
        contradictions: how many columns got different verdicts.
        judged_by_some: how many were judged by some and not by others.
    """

    listed: tuple[Disagreement, ...]
    contradictions: int
    judged_by_some: int


def list_disagreements(store: LabelStore, fingerprint: str | None = None, most: int = 1_000) -> Disagreements:
    """Where annotators differ about the inputs of one subject, or of all.

    Args:
        store: the label store.
        fingerprint: of the subject; all by default.
        most: how many to list; 1,000 by default.

    Raises:
        LabelError: the store can't be read.
    """
    return read(store.engine, lambda connection: _listed(connection, fingerprint, most))


def _listed(connection: sa.Connection, fingerprint: str | None, most: int) -> Disagreements:
    said = opinions(fingerprint).subquery()
    contradiction = contradictory(said)
    differs = sa.or_(contradiction, said.c.unjudged > 0)
    kinds = sa.case((contradiction, 1), else_=0)
    found = connection.execute(sa.select(kinds, sa.func.count()).where(differs).group_by(kinds)).all()
    counts: dict[int, int] = {row[0]: row[1] for row in found}
    rank = sa.case((contradiction, 0), (said.c.over_attended > 0, 1), else_=2)
    place = (said.c.item_id, said.c.layer, said.c.head, said.c["key"])
    rows = connection.execute(sa.select(rank, *place).where(differs).order_by(rank, *place).limit(most)).all()
    items = sorted({row.item_id for row in rows})
    titles: dict[int, tuple[str, str, str]] = {}
    answers: dict[int, dict[str, Rest]] = {}
    named: dict[tuple[int, Column], dict[str, Verdict]] = {}
    for start in range(0, len(items), _PAGE):
        some = items[start : start + _PAGE]
        for item, subject, digest, title in connection.execute(
            sa.select(schema.items.c.id, schema.subjects.c.fingerprint, schema.items.c.digest, schema.items.c.title)
            .select_from(schema.items.join(schema.subjects))
            .where(schema.items.c.id.in_(some))
        ):
            titles[item] = (subject, digest, title)
        shared = shared_answers(fingerprint).subquery()
        for item, name, rest in connection.execute(
            sa.select(shared.c.item_id, shared.c.annotator, shared.c.rest).where(shared.c.item_id.in_(some))
        ):
            answers.setdefault(item, {})[name] = Rest(rest)
        table = schema.verdicts
        for item, name, layer, head, key, verdict in connection.execute(
            sa.select(
                shared.c.item_id, shared.c.annotator, table.c.layer, table.c.head, table.c["key"], table.c.verdict
            )
            .select_from(shared.join(table, table.c.answer_id == shared.c.id))
            .where(shared.c.item_id.in_(some))
        ):
            named.setdefault((item, Column(layer, head, key)), {})[name] = Verdict(verdict)
    listed = []
    for kind, item, layer, head, key in rows:
        column = Column(layer, head, key)
        by_name = named[item, column]
        given = tuple(
            Opinion(name, by_name.get(name, Verdict.BENIGN if rest is Rest.BENIGN else None), name in by_name)
            for name, rest in sorted(answers[item].items())
        )
        subject, digest, title = titles[item]
        listed.append(Disagreement(subject, digest, title, column, kind == 0, given))
    return Disagreements(tuple(listed), counts.get(1, 0), counts.get(0, 0))
