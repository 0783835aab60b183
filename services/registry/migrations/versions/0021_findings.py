"""Findings about mergers and successions, from when they were raised until they were cleared.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "merger_finding",
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
        sa.CheckConstraint("(cleared_on IS NULL) = (cleared_at IS NULL)", name=op.f("ck_merger_finding_cleared_whole")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merger_finding")),
    )
    op.create_index("ix_merger_finding_about", "merger_finding", ["about"], unique=False, postgresql_using="gin")
    op.create_index(
        "ix_merger_finding_order",
        "merger_finding",
        [sa.literal_column("coalesce(due_on, 'infinity'::date)"), "id"],
        unique=False,
    )
    op.create_index("ix_merger_finding_parties", "merger_finding", ["parties"], unique=False, postgresql_using="gin")
    op.create_index(
        "uq_merger_finding_open", "merger_finding", ["key"], unique=True, postgresql_where=sa.text("cleared_at IS NULL")
    )
    op.create_table(
        "finding_look",
        sa.Column("routine", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("routine", name=op.f("pk_finding_look")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("finding_look")
    op.drop_index("uq_merger_finding_open", table_name="merger_finding", postgresql_where=sa.text("cleared_at IS NULL"))
    op.drop_index("ix_merger_finding_parties", table_name="merger_finding", postgresql_using="gin")
    op.drop_index("ix_merger_finding_order", table_name="merger_finding")
    op.drop_index("ix_merger_finding_about", table_name="merger_finding", postgresql_using="gin")
    op.drop_table("merger_finding")
