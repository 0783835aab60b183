"""Findings: what needs attention, from when it was raised until it was cleared.

Revision ID: 0010
Revises: 0009
"""

from collections.abc import Sequence


import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "finding",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("about", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("parties", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("raised_on", sa.Date(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cleared_on", sa.Date(), nullable=True),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("(cleared_on IS NULL) = (cleared_at IS NULL)", name=op.f("ck_finding_cleared_whole")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
    )
    op.create_index("ix_finding_about", "finding", ["about"], unique=False, postgresql_using="gin")
    op.create_index(
        "ix_finding_order", "finding", [sa.literal_column("coalesce(due_on, 'infinity'::date)"), "id"], unique=False
    )
    op.create_index("ix_finding_parties", "finding", ["parties"], unique=False, postgresql_using="gin")
    op.create_index("uq_finding_open", "finding", ["key"], unique=True, postgresql_where=sa.text("cleared_at IS NULL"))


def downgrade() -> None:
    """Drop it."""
    op.drop_index("uq_finding_open", table_name="finding", postgresql_where=sa.text("cleared_at IS NULL"))
    op.drop_index("ix_finding_parties", table_name="finding", postgresql_using="gin")
    op.drop_index("ix_finding_order", table_name="finding")
    op.drop_index("ix_finding_about", table_name="finding", postgresql_using="gin")
    op.drop_table("finding")
