"""Notice and exit terms of contracts in two times, and who else takes part in them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    """Add the timeline and the columns."""
    _timeline("contract_condition")
    op.add_column("amendment", sa.Column("conditions", sa.Text(), nullable=True))
    op.alter_column("amendment", "lines", nullable=True)
    op.add_column(
        "contract",
        sa.Column("other_parties", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
    )


def _timeline(prefix: str) -> None:
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
    )
    op.create_index(op.f(f"ix_{prefix}_belief_subject_id_facet"), f"{prefix}_belief", ["subject_id", "facet"])


def downgrade() -> None:
    """Take them away."""
    op.drop_column("contract", "other_parties")
    op.execute("DELETE FROM amendment WHERE lines IS NULL")
    op.alter_column("amendment", "lines", nullable=False)
    op.drop_column("amendment", "conditions")
    for name in ("contract_condition_belief", "contract_condition_statement"):
        op.drop_table(name)
