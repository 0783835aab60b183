"""Findings, and what the decisions that are known were on; those of before are read again at the next start.

Revision ID: 0033
Revises: 0032
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables and the columns."""
    op.create_table(
        "finding",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("about", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("parties", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("exposure_pence", sa.BigInteger(), nullable=True),
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
    op.create_table(
        "finding_look",
        sa.Column("routine", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("routine", name=op.f("pk_finding_look")),
    )
    op.add_column("known_decision", sa.Column("subject", sa.Text(), nullable=True))
    op.add_column("known_decision", sa.Column("action", sa.Text(), nullable=True))
    op.create_index(op.f("ix_known_decision_subject"), "known_decision", ["subject"], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.drop_index(op.f("ix_known_decision_subject"), table_name="known_decision")
    op.drop_column("known_decision", "action")
    op.drop_column("known_decision", "subject")
    op.drop_table("finding_look")
    op.drop_index("uq_finding_open", table_name="finding", postgresql_where=sa.text("cleared_at IS NULL"))
    op.drop_index("ix_finding_parties", table_name="finding", postgresql_using="gin")
    op.drop_index("ix_finding_order", table_name="finding")
    op.drop_index("ix_finding_about", table_name="finding", postgresql_using="gin")
    op.drop_table("finding")
