"""Mergers before their day, and from when rights wait to be made again.

Revision ID: 0019
Revises: 0018
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# A right waits from the day on which it ended, known from when that was; the one in its place, from its own first day.
_WAITS = """
CREATE TEMP TABLE waits ON COMMIT DROP AS
SELECT r.id AS subject_id, 8 AS facet, r.to_remake_for AS value, s.day, s.known_from
  FROM decision_right r
  JOIN LATERAL (SELECT max(upper(b.valid)) AS day, max(lower(b.known)) AS known_from FROM right_time_belief b
                 WHERE b.subject_id = r.id AND b.facet = 1 AND upper_inf(b.known)) s ON s.day IS NOT NULL
 WHERE r.to_remake_for IS NOT NULL
 UNION ALL
SELECT r.id, 9, r.remade_by::text, s.day, s.known_from
  FROM decision_right r
  JOIN LATERAL (SELECT min(lower(b.valid)) AS day, min(lower(b.known)) AS known_from FROM right_time_belief b
                 WHERE b.subject_id = r.remade_by AND b.facet = 1) s ON s.day IS NOT NULL
 WHERE r.remade_by IS NOT NULL
"""
_STATED = """
INSERT INTO right_time_statement (subject_id, facet, value, valid, stated_at, fills_before, source, recorded_by)
SELECT subject_id, facet, value, daterange(day, NULL), known_from, false, 'governance', 'migration' FROM waits
"""
_BELIEVED = """
INSERT INTO right_time_belief (subject_id, facet, value, valid, known)
SELECT subject_id, facet, value, daterange(day, NULL), tstzrange(known_from, NULL) FROM waits
"""


def upgrade() -> None:
    """Add the table, and state from when each right waits, and from when it is made again."""
    op.create_table(
        "known_merger_event",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("bodies", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("successor", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint(
            "reference", "what", "effective_on", "stated_at", "content", name="uq_known_merger_event_once"
        ),
    )
    op.create_index("ix_known_merger_event_successor", "known_merger_event", ["successor"])
    op.create_index(
        "ix_right_time_belief_to_remake", "right_time_belief", ["value"], postgresql_where=sa.text("facet = 8")
    )
    for statement in (_WAITS, _STATED, _BELIEVED):
        op.execute(statement)


def downgrade() -> None:
    """Drop the table, and what was stated: the columns of a right say what is believed now."""
    op.drop_index("ix_right_time_belief_to_remake", table_name="right_time_belief")
    for table in ("right_time_belief", "right_time_statement"):
        op.execute(f"DELETE FROM {table} WHERE facet IN (8, 9)")  # noqa: S608  (names from above)
    op.drop_index("ix_known_merger_event_successor", table_name="known_merger_event")
    op.drop_table("known_merger_event")
