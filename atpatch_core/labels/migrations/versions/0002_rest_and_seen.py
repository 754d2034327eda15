"""What an answer says about the columns it does not name, and whether the annotator saw what the detector suggests.

Answers of before say nothing about either: the columns they don't name are unjudged, and it is not known (null) whether
the suggestion was seen. Columns are only added, which changes no row, so the triggers that forbid changes stay.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add both columns."""
    op.execute(
        "ALTER TABLE answers ADD COLUMN rest VARCHAR(20) DEFAULT 'unjudged' NOT NULL "
        "CONSTRAINT ck_answers_rest CHECK (rest IN ('unjudged', 'benign'))"
    )
    op.execute("ALTER TABLE answers ADD COLUMN suggestion_seen BOOLEAN")


def downgrade() -> None:
    """There is no way back: what annotators said would be lost."""
    raise NotImplementedError("What annotators said is not taken away: use the copy that was made before.")
