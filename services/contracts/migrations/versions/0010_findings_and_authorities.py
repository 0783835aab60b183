"""Findings, acts with their authority, and a copy of the decisions that governance published."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "binding_act",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("acted_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("minute", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_binding_act")),
    )
    op.create_index("ix_binding_act_subject", "binding_act", ["subject", "organisation"], unique=False)
    op.create_table(
        "finding",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("about", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("parties", postgresql.ARRAY(sa.Text()), nullable=False),
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
        "known_decision",
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("binds", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("minute", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("decision", name=op.f("pk_known_decision")),
    )
    op.create_index(op.f("ix_known_decision_subject"), "known_decision", ["subject"], unique=False)
    op.create_table(
        "known_decision_reversal",
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("by_decision", sa.Text(), nullable=False),
        sa.Column("ratification_refused", sa.Boolean(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("decision", name=op.f("pk_known_decision_reversal")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("known_decision_reversal")
    op.drop_index(op.f("ix_known_decision_subject"), table_name="known_decision")
    op.drop_table("known_decision")
    op.drop_index("uq_finding_open", table_name="finding", postgresql_where=sa.text("cleared_at IS NULL"))
    op.drop_index("ix_finding_parties", table_name="finding", postgresql_using="gin")
    op.drop_index("ix_finding_order", table_name="finding")
    op.drop_index("ix_finding_about", table_name="finding", postgresql_using="gin")
    op.drop_table("finding")
    op.drop_index("ix_binding_act_subject", table_name="binding_act")
    op.drop_table("binding_act")
