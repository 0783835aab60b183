"""A joint body that is asked, or stands in the way, is there for each of its organisations.

Revision ID: 0030
Revises: 0029
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0030"
down_revision: str | None = "0029"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TABLES = ("recommendation_addressee", "obstruction")


def upgrade() -> None:
    """Replace the one organisation by several."""
    for table in _TABLES:
        op.add_column(table, sa.Column("organisations", postgresql.ARRAY(sa.Text()), nullable=True))
        op.execute(f"UPDATE {table} SET organisations = array_remove(ARRAY[organisation], '')")  # noqa: S608
        op.alter_column(table, "organisations", nullable=False)
        op.drop_column(table, "organisation")


def downgrade() -> None:
    """Keep the first of them."""
    for table in _TABLES:
        op.add_column(table, sa.Column("organisation", sa.Text(), nullable=True))
        op.execute(f"UPDATE {table} SET organisation = coalesce(organisations[1], '')")  # noqa: S608
        op.alter_column(table, "organisation", nullable=False)
        op.drop_column(table, "organisations")
