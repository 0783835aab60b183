"""An index of the prices of ends that wait for their day alone.

Revision ID: 0049
Revises: 0048
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0049"
down_revision: str | None = "0048"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_NAME = "ix_planned_payment_waits_for_its_day"


def upgrade() -> None:
    """Add the index."""
    waits = sa.text("kind = 'termination' AND condition = '' AND amount_pence > 0")
    op.create_index(_NAME, "planned_payment", ["due_on"], postgresql_where=waits)


def downgrade() -> None:
    """Take it away."""
    op.drop_index(_NAME, table_name="planned_payment")
