"""When the notice window of each contract is looked at next."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; it fills with the next due work."""
    op.create_table(
        "notice_watch",
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("look_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_notice_watch_contract_id")),
        sa.PrimaryKeyConstraint("contract_id", name=op.f("pk_notice_watch")),
    )
    op.create_index(op.f("ix_notice_watch_look_on"), "notice_watch", ["look_on"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("notice_watch")
