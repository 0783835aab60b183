"""Proposals, the bodies that they ask, acts on them; what is known of what bodies decide on.

Revision ID: 0011
Revises: 0010
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "known_subject",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index(
        "uq_known_subject_once",
        "known_subject",
        ["reference", "what", "effective_on", "stated_at", sa.literal_column("md5(content)")],
        unique=True,
    )
    op.create_table(
        "proposal",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("value_pence", sa.BigInteger(), nullable=False),
        sa.Column("annual_pence", sa.BigInteger(), nullable=False),
        sa.Column("recurrent", sa.Boolean(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("case_reference", sa.Text(), nullable=False),
        sa.Column("case_version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("drafted_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("value_pence >= 0 AND annual_pence >= 0", name=op.f("ck_proposal_no_negative_value")),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_proposal")),
    )
    op.create_index(op.f("ix_proposal_organisation_reference"), "proposal", ["organisation", "reference"], unique=False)
    op.create_index(op.f("ix_proposal_subject"), "proposal", ["subject"], unique=False)
    op.create_table(
        "proposal_act",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("proposal", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("conditions", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("lawful", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["proposal"], ["proposal.reference"], name=op.f("fk_proposal_act_proposal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal_act")),
    )
    op.create_index(op.f("ix_proposal_act_proposal_id"), "proposal_act", ["proposal", "id"], unique=False)
    op.create_table(
        "proposal_consent",
        sa.Column("proposal", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("organisations", sa.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["proposal"], ["proposal.reference"], name=op.f("fk_proposal_consent_proposal")),
        sa.PrimaryKeyConstraint("proposal", "body", name=op.f("pk_proposal_consent")),
    )
    op.create_index(op.f("ix_proposal_consent_body"), "proposal_consent", ["body"], unique=False)


def downgrade() -> None:
    """Drop the tables, and what was proposed with them."""
    op.drop_index(op.f("ix_proposal_consent_body"), table_name="proposal_consent")
    op.drop_table("proposal_consent")
    op.drop_index(op.f("ix_proposal_act_proposal_id"), table_name="proposal_act")
    op.drop_table("proposal_act")
    op.drop_index(op.f("ix_proposal_subject"), table_name="proposal")
    op.drop_index(op.f("ix_proposal_organisation_reference"), table_name="proposal")
    op.drop_table("proposal")
    op.drop_index("uq_known_subject_once", table_name="known_subject")
    op.drop_table("known_subject")
