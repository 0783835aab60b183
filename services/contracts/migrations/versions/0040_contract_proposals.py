"""Proposals of contracts, and what was decided on them.

Revision ID: 0040
Revises: 0039
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0040"
down_revision: str | None = "0039"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "contract_proposal",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text()),
        sa.Column("customer_as_published", sa.Text(), nullable=False),
        sa.Column("supplier", sa.Text()),
        sa.Column("supplier_as_published", sa.Text(), nullable=False),
        sa.Column("title", sa.Text()),
        sa.Column("starts_on", sa.Date()),
        sa.Column("last_day", sa.Date()),
        sa.Column("value_pence", sa.BigInteger()),
        sa.Column("evidence", postgresql.JSONB(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("source IN ('ocds_award', 'payments')", name=op.f("ck_contract_proposal_known_source")),
        sa.CheckConstraint("last_day >= starts_on", name=op.f("ck_contract_proposal_ends_after_it_starts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_proposal")),
        sa.UniqueConstraint("reference", name=op.f("uq_contract_proposal_reference")),
        sa.UniqueConstraint("source", "source_key", name=op.f("uq_contract_proposal_source_source_key")),
    )
    op.create_index(op.f("ix_contract_proposal_customer"), "contract_proposal", ["customer"])
    op.create_table(
        "contract_proposal_decision",
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer()),
        sa.Column("reason", sa.Text()),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(contract_id IS NULL) = (reason IS NOT NULL)",
            name=op.f("ck_contract_proposal_decision_confirmed_or_rejected"),
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"],
            ["contract_proposal.id"],
            name=op.f("fk_contract_proposal_decision_proposal_id"),
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"],
            ["contract.id"],
            name=op.f("fk_contract_proposal_decision_contract_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("proposal_id", name=op.f("pk_contract_proposal_decision")),
    )
    op.create_index(op.f("ix_contract_proposal_decision_contract_id"), "contract_proposal_decision", ["contract_id"])


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("contract_proposal_decision")
    op.drop_table("contract_proposal")
