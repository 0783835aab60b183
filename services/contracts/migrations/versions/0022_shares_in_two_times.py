"""Shares are whole tables in two times; a table that does not make up its total cannot be written."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_NOW = sa.text("clock_timestamp()")
_IS_WHOLE = """
CREATE OR REPLACE FUNCTION share_table_is_whole(value text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
SELECT coalesce((value::jsonb ->> 'total')::numeric = (
    SELECT sum(weight::numeric) FROM jsonb_each_text(value::jsonb -> 'weights') AS part (code, weight)
    HAVING min(weight::numeric) > 0), value IS NULL)
$$
"""


def upgrade() -> None:
    """Add the function, the timeline, and the tables of a draft."""
    op.execute(_IS_WHOLE)
    _timeline("contract_share", "share_table_is_whole(value)")
    op.add_column("contract", sa.Column("drafted_shares", postgresql.JSONB(), nullable=True))


def _timeline(prefix: str, check: str) -> None:
    op.create_table(
        f"{prefix}_statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("facet", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fills_before", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{prefix}_statement")),
        sa.CheckConstraint(check, name=op.f(f"ck_{prefix}_statement_value_allowed")),
        sa.UniqueConstraint(
            *("subject_id", "facet", "stated_at", "valid", "value", "fills_before", "source"),
            name=f"uq_{prefix}_statement_said",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        f"{prefix}_belief",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("facet", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("known", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("int4range(subject_id, subject_id, '[]')"), "&&"),
            (sa.text("int4range(facet, facet, '[]')"), "&&"),
            (sa.column("valid"), "&&"),
            (sa.column("known"), "&&"),
            using="gist",
            name=f"ex_{prefix}_belief_one_value",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{prefix}_belief")),
        sa.CheckConstraint(check, name=op.f(f"ck_{prefix}_belief_value_allowed")),
    )
    op.create_index(op.f(f"ix_{prefix}_belief_subject_id_facet"), f"{prefix}_belief", ["subject_id", "facet"])


def downgrade() -> None:
    """Take them away."""
    op.drop_column("contract", "drafted_shares")
    for name in ("contract_share_belief", "contract_share_statement"):
        op.drop_table(name)
    op.execute("DROP FUNCTION share_table_is_whole(text)")
