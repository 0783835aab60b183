"""Projections that began after events had been consumed are listed, and filled from the logs at the next start."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unfilled_projection",
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_unfilled_projection")),
    )


def downgrade() -> None:
    op.drop_table("unfilled_projection")
