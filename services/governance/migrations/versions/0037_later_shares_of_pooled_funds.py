"""The parties of a pooled fund can agree on other shares from a day on.

Revision ID: 0037
Revises: 0036
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0037"
down_revision: str | None = "0036"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "fund_shares",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("instrument_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("members", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("shares", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_fund_shares_instrument_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_shares")),
        sa.UniqueConstraint("instrument_id", "number", name=op.f("uq_fund_shares_instrument_id_number")),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("fund_shares")
