"""Whether a reorganisation stands is on a timeline."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_STATED = """
INSERT INTO reorganisation_time_statement (subject_id, facet, value, valid, stated_at, fills_before, source,
                                           recorded_at, recorded_by)
SELECT id, 1, 'stands', daterange(effective_on, NULL), stated_at, false, 'command', recorded_at, stated_by
  FROM reorganisation
 UNION ALL
SELECT id, 1, NULL, daterange(effective_on, NULL), undone_at, false, 'command', undone_at, undone_by
  FROM reorganisation WHERE undone_at IS NOT NULL
"""
_BELIEVED = """
INSERT INTO reorganisation_time_belief (subject_id, facet, value, valid, known)
SELECT id, 1, 'stands', daterange(effective_on, NULL), tstzrange(stated_at, undone_at) FROM reorganisation
"""
_UNDONE = """
UPDATE reorganisation SET undone_at = undone.stated_at, undone_by = undone.recorded_by
  FROM reorganisation_time_statement AS undone WHERE undone.value IS NULL AND undone.subject_id = reorganisation.id
"""


def upgrade() -> None:
    """Carry over which reorganisations stand."""
    _create_timeline()
    op.execute(_STATED)
    op.execute(_BELIEVED)
    op.drop_column("reorganisation", "undone_at")
    op.drop_column("reorganisation", "undone_by")


def _create_timeline() -> None:
    op.create_table(
        "reorganisation_time_statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("facet", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fills_before", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reorganisation_time_statement")),
        sa.UniqueConstraint(
            "subject_id",
            "facet",
            "stated_at",
            "valid",
            "value",
            "fills_before",
            "source",
            name="uq_reorganisation_time_statement_said",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "reorganisation_time_belief",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("facet", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("known", postgresql.TSTZRANGE(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        postgresql.ExcludeConstraint(
            (sa.text("int4range(subject_id, subject_id, '[]')"), "&&"),
            (sa.text("int4range(facet, facet, '[]')"), "&&"),
            (sa.column("valid"), "&&"),
            (sa.column("known"), "&&"),
            using="gist",
            name="ex_reorganisation_time_belief_one_value",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reorganisation_time_belief")),
    )
    op.create_index(
        op.f("ix_reorganisation_time_belief_subject_id_facet"), "reorganisation_time_belief", ["subject_id", "facet"]
    )


def downgrade() -> None:
    """Give each reorganisation its undoing back."""
    op.add_column("reorganisation", sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("reorganisation", sa.Column("undone_by", sa.Text(), nullable=True))
    op.execute(_UNDONE)
    op.drop_table("reorganisation_time_belief")
    op.drop_table("reorganisation_time_statement")
