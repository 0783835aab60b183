"""Plans that files state have the predecessors that were known by then."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# A merger that files state has no name for its successor. Its next import tells what was known when.
_DERIVED = """
UPDATE merger_plan p SET predecessors = m.predecessors
  FROM merger m WHERE m.id = p.merger_id AND m.successor_name = ''
"""


def upgrade() -> None:
    """Give the plans of derived mergers all their predecessors."""
    op.add_column("merger_plan", sa.Column("predecessors", postgresql.ARRAY(sa.Text()), nullable=True))
    op.execute(_DERIVED)


def downgrade() -> None:
    """Remove the predecessors of plans."""
    op.drop_column("merger_plan", "predecessors")
