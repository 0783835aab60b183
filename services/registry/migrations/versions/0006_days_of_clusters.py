"""The days of clusters are on a timeline."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# An end was always stated after the cluster; where both have one instant, the end counts from the next.
_STATED = """
INSERT INTO cluster_time_statement (subject_id, facet, value, valid, stated_at, fills_before, source, recorded_at,
                                    recorded_by)
SELECT id, 1, 'stands', daterange(first_day, NULL), stated_at, false, 'command', recorded_at, stated_by FROM cluster
 UNION ALL
SELECT id, 1, NULL, daterange(ended_on, NULL), greatest(ended_at, stated_at + interval '1 microsecond'), false,
       'command', ended_at, ended_by
  FROM cluster WHERE ended_on IS NOT NULL
"""
_BELIEVED = """
INSERT INTO cluster_time_belief (subject_id, facet, value, valid, known)
SELECT id, 1, 'stands', daterange(first_day, NULL),
       tstzrange(stated_at, greatest(ended_at, stated_at + interval '1 microsecond'))
  FROM cluster WHERE ended_on IS NOT NULL
 UNION ALL
SELECT id, 1, 'stands', daterange(first_day, ended_on),
       tstzrange(CASE WHEN ended_on IS NULL THEN stated_at
                      ELSE greatest(ended_at, stated_at + interval '1 microsecond') END, NULL)
  FROM cluster
"""
_BEFORE = """
UPDATE cluster SET first_day = begun.day, stated_at = begun.stated_at, stated_by = begun.recorded_by,
                   recorded_at = begun.recorded_at
  FROM (SELECT DISTINCT ON (subject_id) subject_id, lower(valid) AS day, stated_at, recorded_by, recorded_at
          FROM cluster_time_statement WHERE value IS NOT NULL ORDER BY subject_id, stated_at) AS begun
 WHERE begun.subject_id = cluster.id
"""
_ENDED_BEFORE = """
UPDATE cluster SET ended_on = ended.day, ended_at = ended.stated_at, ended_by = ended.recorded_by
  FROM (SELECT DISTINCT ON (subject_id) subject_id, lower(valid) AS day, stated_at, recorded_by
          FROM cluster_time_statement WHERE value IS NULL ORDER BY subject_id, stated_at DESC) AS ended
 WHERE ended.subject_id = cluster.id
"""
_COLUMNS = (
    ("first_day", sa.Date(), False),
    ("stated_at", sa.DateTime(timezone=True), False),
    ("stated_by", sa.Text(), False),
    ("recorded_at", sa.DateTime(timezone=True), False),
    ("ended_on", sa.Date(), True),
    ("ended_at", sa.DateTime(timezone=True), True),
    ("ended_by", sa.Text(), True),
)


def upgrade() -> None:
    """Carry the days of each cluster over to its timeline."""
    _create_timeline()
    op.execute(_STATED)
    op.execute(_BELIEVED)
    for name, *_ in _COLUMNS:
        op.drop_column("cluster", name)


def _create_timeline() -> None:
    op.create_table(
        "cluster_time_statement",
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cluster_time_statement")),
        sa.UniqueConstraint(
            "subject_id",
            "facet",
            "stated_at",
            "valid",
            "value",
            "fills_before",
            "source",
            name="uq_cluster_time_statement_said",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "cluster_time_belief",
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
            name="ex_cluster_time_belief_one_value",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cluster_time_belief")),
    )
    op.create_index(op.f("ix_cluster_time_belief_subject_id_facet"), "cluster_time_belief", ["subject_id", "facet"])


def downgrade() -> None:
    """Give each cluster its days back."""
    for name, kind, _ in _COLUMNS:
        op.add_column("cluster", sa.Column(name, kind, nullable=True))
    op.execute(_BEFORE)
    op.execute(_ENDED_BEFORE)
    for name, _, nullable in _COLUMNS:
        op.alter_column("cluster", name, nullable=nullable)
    op.alter_column("cluster", "recorded_at", server_default=sa.text("clock_timestamp()"))
    op.drop_table("cluster_time_belief")
    op.drop_table("cluster_time_statement")
