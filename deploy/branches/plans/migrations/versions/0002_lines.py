"""A branch and its rebases have one plan that is not withdrawn."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("plan", sa.Column("line", sa.Text()))
    op.execute("UPDATE plan SET line = branch_id")
    op.alter_column("plan", "line", nullable=False)
    alone = sa.text("withdrawn_at IS NULL")
    op.create_index("ix_plan_line", "plan", ["line"], unique=True, postgresql_where=alone)


def downgrade() -> None:
    op.drop_index("ix_plan_line", "plan")
    op.drop_column("plan", "line")
