"""Whether a nil return confirms interests that are declared.

Revision ID: 0041
Revises: 0040
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0041"
down_revision: str | None = "0040"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the column; of older returns it follows from the interests that were in force."""
    op.add_column("nil_return", sa.Column("confirms", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.execute(
        "UPDATE nil_return n SET confirms = true WHERE EXISTS ("
        "SELECT FROM declared_interest d JOIN declared_interest_belief b ON b.subject_id = d.id AND b.facet = 1"
        " WHERE d.person_id = n.person_id AND d.stated_at <= n.stated_at AND upper_inf(b.known)"
        " AND b.valid @> n.returned_on)"
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_column("nil_return", "confirms")
