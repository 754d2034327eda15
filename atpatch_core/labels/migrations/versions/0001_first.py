"""The first tables; answers and verdicts can only be added to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "subjects",
        sa.Column("id", _NUMBER),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("heads", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subjects"),
        sa.UniqueConstraint("fingerprint", name="uq_subjects_fingerprint"),
    )
    op.create_table(
        "contents",
        sa.Column("digest", sa.String(64)),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("bytes", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_contents"),
    )
    op.create_index("ix_contents_size", "contents", ["size"])
    op.create_table(
        "items",
        sa.Column("id", _NUMBER),
        sa.Column("subject_id", _NUMBER, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("keys", sa.Integer, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("trace", sa.String(64)),
        sa.Column("added", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_items"),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name="fk_items_subject_id"),
        sa.ForeignKeyConstraint(["digest"], ["contents.digest"], name="fk_items_digest"),
        sa.UniqueConstraint("subject_id", "digest", name="uq_items_subject_id"),
    )
    op.create_table(
        "suggestions",
        sa.Column("id", _NUMBER),
        sa.Column("item_id", _NUMBER, nullable=False),
        sa.Column("detector", sa.String(200), nullable=False),
        sa.Column("threshold", sa.Double, nullable=False),
        sa.Column("uncertainty", sa.Double, nullable=False),
        sa.Column("columns", sa.JSON, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_suggestions"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_suggestions_item_id"),
        sa.UniqueConstraint("item_id", "detector", name="uq_suggestions_item_id"),
    )
    op.create_table(
        "answers",
        sa.Column("id", _NUMBER),
        sa.Column("token", sa.String(36), nullable=False),
        sa.Column("item_id", _NUMBER, nullable=False),
        sa.Column("annotator", sa.String(80), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("detector", sa.String(200)),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_answers"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_answers_item_id"),
        sa.UniqueConstraint("token", name="uq_answers_token"),
        sa.UniqueConstraint("item_id", "annotator", "revision", name="uq_answers_item_id"),
        sa.CheckConstraint("state IN ('draft', 'submitted', 'discarded')", name="ck_answers_state"),
    )
    op.create_table(
        "verdicts",
        sa.Column("answer_id", _NUMBER),
        sa.Column("layer", sa.Integer),
        sa.Column("head", sa.Integer),
        sa.Column("key", sa.Integer),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("score", sa.Double),
        sa.PrimaryKeyConstraint("answer_id", "layer", "head", "key", name="pk_verdicts"),
        sa.ForeignKeyConstraint(["answer_id"], ["answers.id"], name="fk_verdicts_answer_id"),
        sa.CheckConstraint("verdict IN ('over-attended', 'benign', 'unsure')", name="ck_verdicts_verdict"),
    )
    for table in ("answers", "verdicts"):
        _make_append_only(table)


def downgrade() -> None:
    """There is nothing before the first step."""
    raise NotImplementedError("The first tables are not taken away: delete the database instead.")


def _make_append_only(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} can only be added to'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} can only be added to'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()"
    )
