"""Steps of an exit plan are marked done."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_NAME = "ck_exit_paper_known_kind"


def upgrade() -> None:
    """Allow the kind."""
    _allow("'staff', 'plan', 'step', 'receipt', 'settlement'")


def downgrade() -> None:
    """Take it away, with the papers of that kind."""
    op.execute("DELETE FROM exit_paper WHERE kind = 'step'")
    _allow("'staff', 'plan', 'receipt', 'settlement'")


def _allow(kinds: str) -> None:
    op.drop_constraint(op.f(_NAME), "exit_paper", type_="check")
    op.create_check_constraint(op.f(_NAME), "exit_paper", sa.text(f"kind IN ({kinds})"))
