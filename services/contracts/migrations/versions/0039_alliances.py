"""Alliances: terms, votes on them, what periods cost.

Revision ID: 0039
Revises: 0038
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0039"
down_revision: str | None = "0038"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "alliance_terms",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("payer", sa.Text(), nullable=False),
        sa.Column("target_pence", sa.BigInteger(), nullable=False),
        sa.Column("share", sa.Text(), nullable=False),
        sa.Column("weights", postgresql.JSONB(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("document", sa.Text()),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("target_pence >= 0", name=op.f("ck_alliance_terms_no_negative_target")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_alliance_terms_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alliance_terms")),
        sa.UniqueConstraint("contract_id", "number", name=op.f("uq_alliance_terms_contract_id_number")),
    )
    op.create_table(
        "alliance_vote",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("terms_id", sa.Integer(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("voted_on", sa.Date(), nullable=False),
        sa.Column("authority", sa.Text()),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["terms_id"], ["alliance_terms.id"], name=op.f("fk_alliance_vote_terms_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alliance_vote")),
    )
    op.create_index(op.f("ix_alliance_vote_terms_id"), "alliance_vote", ["terms_id"])
    op.create_table(
        "alliance_result",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("terms_id", sa.Integer(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_to", sa.Date(), nullable=False),
        sa.Column("actual_pence", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text()),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("actual_pence >= 0", name=op.f("ck_alliance_result_no_negative_cost")),
        sa.CheckConstraint("period_from <= period_to", name=op.f("ck_alliance_result_period_in_order")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_alliance_result_contract_id")),
        sa.ForeignKeyConstraint(["terms_id"], ["alliance_terms.id"], name=op.f("fk_alliance_result_terms_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alliance_result")),
    )
    op.create_index(op.f("ix_alliance_result_contract_id"), "alliance_result", ["contract_id"])


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("alliance_result")
    op.drop_table("alliance_vote")
    op.drop_table("alliance_terms")
