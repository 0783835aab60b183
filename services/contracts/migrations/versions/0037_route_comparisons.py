"""Comparisons of a project's routes.

Revision ID: 0037
Revises: 0036
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0037"
down_revision: str | None = "0036"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "route_comparison",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("partnership", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("sep_pence", sa.BigInteger()),
        sa.Column("framework_pence", sa.BigInteger()),
        sa.Column("stand_alone_pence", sa.BigInteger()),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.Column("chosen", sa.Text(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("document", sa.Text()),
        sa.Column("rule_pack", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "sep_pence >= 0 AND framework_pence >= 0 AND stand_alone_pence >= 0",
            name=op.f("ck_route_comparison_no_negative_cost"),
        ),
        sa.CheckConstraint(
            "chosen IN ('sep', 'framework', 'stand_alone')", name=op.f("ck_route_comparison_known_route")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_route_comparison")),
        sa.UniqueConstraint("reference", name=op.f("uq_route_comparison_reference")),
    )
    op.create_index(op.f("ix_route_comparison_organisation"), "route_comparison", ["organisation"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("route_comparison")
