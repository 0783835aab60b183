"""A decision right names what can answered for its grant.

Revision ID: 0024
Revises: 0023
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0024"
down_revision: str | None = "0023"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("decision_right", sa.Column("permit", sa.Text(), server_default=sa.text("''"), nullable=False))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("decision_right", "permit")
