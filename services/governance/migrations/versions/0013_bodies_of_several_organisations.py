"""Bodies of several organisations, seats and rights by member, and levels of co-commissioning.

Revision ID: 0013
Revises: 0012
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add seats and rights by member, and levels of co-commissioning; a joint body leads no organisation."""
    op.drop_index("uq_body_leading", table_name="body")
    op.create_index(
        "uq_body_leading",
        "body",
        ["organisation"],
        unique=True,
        postgresql_where=sa.text("within_id IS NULL AND organisation <> ''"),
    )
    op.create_table(
        "co_commissioning",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_co_commissioning")),
        sa.UniqueConstraint("organisation", name=op.f("uq_co_commissioning_organisation")),
    )
    op.create_table(
        "level_time_belief",
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
            name="ex_level_time_belief_one_value",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_level_time_belief")),
    )
    op.create_index(
        op.f("ix_level_time_belief_subject_id_facet"), "level_time_belief", ["subject_id", "facet"], unique=False
    )
    op.create_table(
        "level_time_statement",
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_level_time_statement")),
        sa.UniqueConstraint(
            "subject_id",
            "facet",
            "stated_at",
            "valid",
            "value",
            "fills_before",
            "source",
            name="uq_level_time_statement_said",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.add_column("decision_right", sa.Column("member", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.create_index(
        "ix_decision_right_member_action",
        "decision_right",
        ["member", "action"],
        unique=False,
        postgresql_where=sa.text("member <> ''"),
    )
    op.add_column("post", sa.Column("member", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.create_index("ix_post_member", "post", ["member"], unique=False, postgresql_where=sa.text("member <> ''"))


def downgrade() -> None:
    """Drop them again; this fails where there are joint bodies, which the earlier version does not know."""
    op.drop_index("uq_body_leading", table_name="body")
    op.create_index(
        "uq_body_leading", "body", ["organisation"], unique=True, postgresql_where=sa.text("within_id IS NULL")
    )
    op.drop_index("ix_post_member", table_name="post", postgresql_where=sa.text("member <> ''"))
    op.drop_column("post", "member")
    op.drop_index(
        "ix_decision_right_member_action", table_name="decision_right", postgresql_where=sa.text("member <> ''")
    )
    op.drop_column("decision_right", "member")
    op.drop_table("level_time_statement")
    op.drop_index(op.f("ix_level_time_belief_subject_id_facet"), table_name="level_time_belief")
    op.drop_table("level_time_belief")
    op.drop_table("co_commissioning")
