"""The tables of a label store. `migrations/` makes them; a test holds the two against each other.

subjects 1-n items n-1 contents       an item is one input (bytes known by their SHA-256) of one subject
items 1-n suggestions                 what each version of a detector said about it
items 1-n answers 1-n verdicts        append-only: the database itself refuses to change or delete them
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class UtcTime(sa.TypeDecorator[datetime]):
    """A moment as whole microseconds since 1970: exact and sortable in every database."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:
        """Microseconds of an aware time."""
        return None if value is None else (value - _EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> datetime | None:
        """The aware time, in UTC."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

subjects = sa.Table(
    "subjects",
    metadata,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("fingerprint", sa.String(64), nullable=False, unique=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("heads", sa.JSON, nullable=False),
)

contents = sa.Table(
    "contents",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False, index=True),
    sa.Column("bytes", sa.LargeBinary, nullable=False),
)

items = sa.Table(
    "items",
    metadata,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("subject_id", _NUMBER, sa.ForeignKey("subjects.id"), nullable=False),
    sa.Column("digest", sa.String(64), sa.ForeignKey("contents.digest"), nullable=False),
    sa.Column("keys", sa.Integer, nullable=False),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("source", sa.String(200), nullable=False),
    sa.Column("trace", sa.String(64)),
    sa.Column("added", UtcTime, nullable=False),
    sa.UniqueConstraint("subject_id", "digest"),
)

suggestions = sa.Table(
    "suggestions",
    metadata,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("item_id", _NUMBER, sa.ForeignKey("items.id"), nullable=False),
    sa.Column("detector", sa.String(200), nullable=False),
    sa.Column("threshold", sa.Double, nullable=False),
    sa.Column("uncertainty", sa.Double, nullable=False),
    # The columns with their scores, as [[layer, head, key, score], ...]; they are only ever read together.
    sa.Column("columns", sa.JSON, nullable=False),
    sa.Column("time", UtcTime, nullable=False),
    sa.UniqueConstraint("item_id", "detector"),
)

answers = sa.Table(
    "answers",
    metadata,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("token", sa.String(36), nullable=False, unique=True),
    sa.Column("item_id", _NUMBER, sa.ForeignKey("items.id"), nullable=False),
    sa.Column("annotator", sa.String(80), nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("detector", sa.String(200)),
    sa.Column("time", UtcTime, nullable=False),
    # What the answer says about the columns that it has no verdict for; see `contract.Rest`.
    sa.Column("rest", sa.String(20), nullable=False, server_default="unjudged"),
    sa.Column("suggestion_seen", sa.Boolean),
    sa.UniqueConstraint("item_id", "annotator", "revision"),
    sa.CheckConstraint("state IN ('draft', 'submitted', 'discarded')", name="state"),
    sa.CheckConstraint("rest IN ('unjudged', 'benign')", name="rest"),
)

verdicts = sa.Table(
    "verdicts",
    metadata,
    sa.Column("answer_id", _NUMBER, sa.ForeignKey("answers.id"), primary_key=True, autoincrement=False),
    sa.Column("layer", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("head", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("key", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("verdict", sa.String(20), nullable=False),
    sa.Column("score", sa.Double),
    sa.CheckConstraint("verdict IN ('over-attended', 'benign', 'unsure')", name="verdict"),
)

APPEND_ONLY = ("answers", "verdicts")
