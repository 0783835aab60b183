"""Mergers and agreements that were published before their tables are filled from the log at the next start.

Revision ID: 0029
Revises: 0028
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0029"
down_revision: str | None = "0028"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# A row that no event states: the service rebuilds a projection with one before it consumes events, which removes it.
_MARK = """
INSERT INTO known_merger_event (reference, what, bodies, successor, content, effective_on, stated_at)
SELECT '', 'migration', '{}', '', '{}', '2013-04-01', '2013-04-01'
  FROM consumer_offset WHERE source = 'registry' AND source_position > 0;
INSERT INTO known_agreement (agreement, successor, outcome, effective_on, stated_at)
SELECT '', '', 'migration', '2013-04-01', '2013-04-01'
  FROM consumer_offset WHERE source = 'contracts' AND source_position > 0;
"""


def upgrade() -> None:
    """Mark the tables that were added after events had been consumed."""
    for statement in _MARK.strip().split(";\n"):
        op.execute(statement.rstrip(";"))


def downgrade() -> None:
    """Remove the marks."""
    op.execute("DELETE FROM known_merger_event WHERE what = 'migration'")
    op.execute("DELETE FROM known_agreement WHERE outcome = 'migration'")
