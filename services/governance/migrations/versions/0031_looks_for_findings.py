"""The last day on which each routine looked for findings is kept.

Revision ID: 0031
Revises: 0030
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0031"
down_revision: str | None = "0030"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "finding_look",
        sa.Column("routine", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("routine", name=op.f("pk_finding_look")),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("finding_look")
