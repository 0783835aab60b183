"""A person has a keeper and a version; who read a name, who corrected one, and what was done for a body is recorded.

Revision ID: 0006
Revises: 0005
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# A person of an earlier version is kept by the organisation of the first appointment.
_KEEPERS = """
UPDATE person SET organisation = (
    SELECT b.organisation
      FROM appointment a
      JOIN post p ON p.id = a.post_id
      JOIN body b ON b.id = p.body_id
      LEFT JOIN post_time_belief h ON h.subject_id = p.id AND h.facet = 2 AND h.value = a.id
     WHERE a.person_id = person.id
     ORDER BY lower(h.valid), b.organisation LIMIT 1)
"""

# The words that callers gave as reasons were read by everybody: they become notes of the body's own.
_OWN_WORDS = """
facet = 3 AND value IS NOT NULL AND recorded_by NOT LIKE 'service:%'
      AND value NOT IN ('its term ends', 'established without a holder', 'created without a holder', 'Ended')
"""
_REASONS_OF_POSTS = f"""
INSERT INTO act (organisation, operation, subject, effective_on, stated_at, note, recorded_by, recorded_at)
SELECT b.organisation, 'appointment ended', p.reference, lower(s.valid), s.stated_at, s.value,
       s.recorded_by, s.recorded_at
  FROM (SELECT * FROM post_time_statement WHERE {_OWN_WORDS}) AS s
  JOIN post p ON p.id = s.subject_id
  JOIN body b ON b.id = p.body_id
 ORDER BY s.id
"""  # noqa: S608  (only a condition of ours is put in)
_REASONS_OF_RIGHTS = f"""
INSERT INTO act (organisation, operation, subject, effective_on, stated_at, note, recorded_by, recorded_at)
SELECT b.organisation, 'right ended', 'right ' || r.id, lower(s.valid), s.stated_at, s.value,
       s.recorded_by, s.recorded_at
  FROM (SELECT * FROM right_time_statement WHERE {_OWN_WORDS}) AS s
  JOIN decision_right r ON r.id = s.subject_id
  JOIN body b ON b.id = r.body_id
 ORDER BY s.id
"""  # noqa: S608


def upgrade() -> None:
    op.add_column("person", sa.Column("organisation", sa.Text(), nullable=True))
    op.add_column("person", sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")))
    op.execute(_KEEPERS)
    op.create_table(
        "act",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_act")),
    )
    op.create_index(op.f("ix_act_organisation_id"), "act", ["organisation", "id"])
    op.create_table(
        "person_correction",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("corrected_by", sa.Text(), nullable=False),
        sa.Column(
            "corrected_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_correction_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_correction")),
    )
    op.create_index(op.f("ix_person_correction_person_id"), "person_correction", ["person_id"])
    op.create_table(
        "name_read",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("organisations", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_name_read_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_name_read")),
    )
    op.create_index(op.f("ix_name_read_person_id"), "name_read", ["person_id"])
    op.execute(_REASONS_OF_POSTS)
    op.execute(_REASONS_OF_RIGHTS)
    for timeline in ("post_time", "right_time"):
        op.execute(f"""
            UPDATE {timeline}_belief b SET value = 'Ended'
              FROM (SELECT * FROM {timeline}_statement WHERE {_OWN_WORDS}) AS s
             WHERE b.subject_id = s.subject_id AND b.facet = s.facet AND b.value = s.value
        """)
        op.execute(f"UPDATE {timeline}_statement SET value = 'Ended' WHERE {_OWN_WORDS}")


def downgrade() -> None:
    # The notes are lost: as reasons they would be read by everybody again.
    op.drop_table("name_read")
    op.drop_table("person_correction")
    op.drop_table("act")
    op.drop_column("person", "version")
    op.drop_column("person", "organisation")
