"""A right that waits is found by its successor and by itself: 10,000 that wait for one are then not read for each.

Revision ID: 0040
Revises: 0039
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0040"
down_revision: str | None = "0039"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_INDEX, _TABLE = "ix_right_time_belief_to_remake", "right_time_belief"


def upgrade() -> None:
    """Make the index anew, with the right."""
    op.drop_index(_INDEX, table_name=_TABLE)
    op.create_index(_INDEX, _TABLE, ["value", "subject_id"], postgresql_where=sa.text("facet = 8"))


def downgrade() -> None:
    """Make the index anew, without the right."""
    op.drop_index(_INDEX, table_name=_TABLE)
    op.create_index(_INDEX, _TABLE, ["value"], postgresql_where=sa.text("facet = 8"))
