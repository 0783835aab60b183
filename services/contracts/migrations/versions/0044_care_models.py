"""The care model that a contract is for.

Revision ID: 0044
Revises: 0043
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; contracts that are there state none."""
    op.add_column("contract", sa.Column("care_model", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("contract", "care_model")
