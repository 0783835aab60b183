"""A notice that a plan served names it: the plan's move ends the contract."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the plan of a notice."""
    op.add_column("exit_notice", sa.Column("plan", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("exit_notice", "plan")
