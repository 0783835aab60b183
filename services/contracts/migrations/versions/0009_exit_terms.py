"""contracts state how they may be left, and what that costs"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contract", sa.Column("exit_terms", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("contract", "exit_terms")
