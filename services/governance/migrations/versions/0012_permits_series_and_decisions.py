"""What can answered for an act, what counts together in a series, decisions and their reversals.

Revision ID: 0012
Revises: 0011
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "permit",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("organisations", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permit")),
    )
    op.create_index(op.f("ix_permit_act"), "permit", ["act"], unique=False)
    op.create_table(
        "series_part",
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("proposal", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("suppliers", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("functions", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("value_pence", sa.BigInteger(), nullable=False),
        sa.Column("annual_pence", sa.BigInteger(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("decision", "organisation", name=op.f("pk_series_part")),
    )
    op.create_index(
        op.f("ix_series_part_organisation_decided_on"), "series_part", ["organisation", "decided_on"], unique=False
    )
    op.create_table(
        "series_part_ended",
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("decision", name=op.f("pk_series_part_ended")),
    )
    op.create_table(
        "decision",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("proposal", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("binds", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("conditions", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("minute", sa.Text(), nullable=False),
        sa.Column("value_pence", sa.BigInteger(), nullable=False),
        sa.Column("annual_pence", sa.BigInteger(), nullable=False),
        sa.Column("recurrent", sa.Boolean(), nullable=False),
        sa.Column("case_reference", sa.Text(), nullable=False),
        sa.Column("case_version", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("permit", sa.Text(), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["permit"], ["permit.id"], name=op.f("fk_decision_permit")),
        sa.ForeignKeyConstraint(["proposal"], ["proposal.reference"], name=op.f("fk_decision_proposal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index(op.f("ix_decision_body"), "decision", ["body"], unique=False)
    op.create_index(op.f("ix_decision_proposal"), "decision", ["proposal"], unique=False)
    op.create_index(op.f("ix_decision_subject_action"), "decision", ["subject", "action"], unique=False)
    op.create_table(
        "decision_reversal",
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("by_decision", sa.Text(), nullable=False),
        sa.Column("minute", sa.Text(), nullable=False),
        sa.Column("ratification_refused", sa.Boolean(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["decision"], ["decision.id"], name=op.f("fk_decision_reversal_decision")),
        sa.PrimaryKeyConstraint("decision", name=op.f("pk_decision_reversal")),
    )


def downgrade() -> None:
    """Drop the tables, and what was decided with them."""
    op.drop_table("decision_reversal")
    op.drop_index(op.f("ix_decision_subject_action"), table_name="decision")
    op.drop_index(op.f("ix_decision_proposal"), table_name="decision")
    op.drop_index(op.f("ix_decision_body"), table_name="decision")
    op.drop_table("decision")
    op.drop_table("series_part_ended")
    op.drop_index(op.f("ix_series_part_organisation_decided_on"), table_name="series_part")
    op.drop_table("series_part")
    op.drop_index(op.f("ix_permit_act"), table_name="permit")
    op.drop_table("permit")
