"""Subjects, prices of delays and commitments that were published before are filled from the log at the next start.

Revision ID: 0033
Revises: 0032
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0033"
down_revision: str | None = "0032"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# A row that no event states: the service rebuilds a projection with one before it consumes events, which removes it.
_MARK = """
INSERT INTO known_subject (reference, kind, what, content, effective_on, stated_at)
SELECT '', '', 'migration', '{}', '2013-04-01', '2013-04-01'
  FROM consumer_offset WHERE source_position > 0 LIMIT 1;
INSERT INTO known_price (proposal, body, horizon, months, monthly_pence, to_date_pence, case_reference, case_version,
                         effective_on, stated_at)
SELECT '', '', 'migration', 0, 0, 0, '', 0, '2013-04-01', '2013-04-01'
  FROM consumer_offset WHERE source = 'finance' AND source_position > 0;
INSERT INTO known_commitment (contract, what, customers, not_established, effective_on, stated_at)
SELECT '', 'migration', '{}', '{}', '2013-04-01', '2013-04-01'
  FROM consumer_offset WHERE source = 'contracts' AND source_position > 0;
"""


def upgrade() -> None:
    """Mark the tables that were added after events had been consumed."""
    for statement in _MARK.strip().split(";\n"):
        op.execute(statement.rstrip(";"))


def downgrade() -> None:
    """Remove the marks."""
    op.execute("DELETE FROM known_subject WHERE what = 'migration'")
    op.execute("DELETE FROM known_price WHERE horizon = 'migration'")
    op.execute("DELETE FROM known_commitment WHERE what = 'migration'")
