"""A person's name can be restricted for a reason, and erased.

Revision ID: 0023
Revises: 0022
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("person", sa.Column("restricted", sa.Text(), nullable=True))
    op.add_column("person", sa.Column("erased_on", sa.Date(), nullable=True))
    op.create_check_constraint(
        op.f("ck_person_erased_whole"), "person", "(erased_on IS NOT NULL) = (display_name = '')"
    )


def downgrade() -> None:
    """Drop the columns."""
    op.drop_constraint(op.f("ck_person_erased_whole"), "person")
    op.drop_column("person", "erased_on")
    op.drop_column("person", "restricted")
