"""overlaps of mergers are reviewed by due work"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "overlap_review",
        sa.Column("merger", sa.Text(), nullable=False),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("merger", name=op.f("pk_overlap_review")),
    )


def downgrade() -> None:
    op.drop_table("overlap_review")
