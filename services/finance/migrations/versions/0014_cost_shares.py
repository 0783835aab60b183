"""How customers agreed to divide the cost of a contract."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "known_share",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("division", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_share")),
    )
    op.create_index(
        "uq_known_share_once",
        "known_share",
        ["contract", "effective_on", "stated_at", "basis", sa.literal_column("md5(division)")],
        unique=True,
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_index("uq_known_share_once", table_name="known_share")
    op.drop_table("known_share")
