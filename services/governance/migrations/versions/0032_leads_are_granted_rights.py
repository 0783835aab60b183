"""A right that a party granted to its lead commissioner names the instrument, with which it ends.

Revision ID: 0032
Revises: 0031
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0032"
down_revision: str | None = "0031"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the column with its index."""
    op.add_column("decision_right", sa.Column("instrument", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.create_index(
        "ix_decision_right_instrument",
        "decision_right",
        ["instrument"],
        unique=False,
        postgresql_where=sa.text("instrument <> ''"),
    )


def downgrade() -> None:
    """Drop the column with its index."""
    op.drop_index(
        "ix_decision_right_instrument", table_name="decision_right", postgresql_where=sa.text("instrument <> ''")
    )
    op.drop_column("decision_right", "instrument")
