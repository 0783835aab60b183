"""What waits for too long is found by indexes: runs that failed, and payments that correct others.

Revision ID: 0041
Revises: 0040
"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_FAILED = sa.text("state = 'failed' AND kind <> 'document'")
_CORRECTIONS = sa.text("what = 'due' AND corrects <> ''")


def upgrade() -> None:
    """Make the indexes."""
    op.create_index("ix_run_failed", "run", ["id"], postgresql_where=_FAILED)
    op.create_index("ix_known_payment_corrections", "known_payment", ["item"], postgresql_where=_CORRECTIONS)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_known_payment_corrections", table_name="known_payment")
    op.drop_index("ix_run_failed", table_name="run")
