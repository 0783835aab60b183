"""Consumers keep the head of each source's hash chain; what was consumed before has none."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("consumer_offset", sa.Column("heard_since", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column(
        "consumer_offset",
        sa.Column(
            "heard_head", sa.LargeBinary(), server_default=sa.text("decode(repeat('00', 32), 'hex')"), nullable=False
        ),
    )
    op.execute("UPDATE consumer_offset SET heard_since = source_position")


def downgrade() -> None:
    op.drop_column("consumer_offset", "heard_head")
    op.drop_column("consumer_offset", "heard_since")
