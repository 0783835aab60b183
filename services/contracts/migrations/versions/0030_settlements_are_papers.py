"""Final amounts of an end are papers of its exit."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_NAME = "ck_exit_paper_known_kind"


def upgrade() -> None:
    """Allow the kind."""
    _allow("'staff', 'plan', 'receipt', 'settlement'")


def downgrade() -> None:
    """Take it away, with the papers of that kind."""
    op.execute("DELETE FROM exit_paper WHERE kind = 'settlement'")
    _allow("'staff', 'plan', 'receipt'")


def _allow(kinds: str) -> None:
    op.drop_constraint(op.f(_NAME), "exit_paper", type_="check")
    op.create_check_constraint(op.f(_NAME), "exit_paper", sa.text(f"kind IN ({kinds})"))
