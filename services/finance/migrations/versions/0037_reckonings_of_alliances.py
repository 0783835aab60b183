"""What periods of alliances came to, filled from the log at the next start where events had been consumed."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_reckoning",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_to", sa.Date(), nullable=False),
        sa.Column("members", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("amounts_pence", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_reckoning")),
        sa.UniqueConstraint(
            *("contract", "period_from", "period_to", "stated_at", "members", "amounts_pence"),
            name="uq_known_reckoning_once",
        ),
    )
    op.create_index(
        op.f("ix_known_reckoning_members"), "known_reckoning", ["members"], unique=False, postgresql_using="gin"
    )
    op.execute(
        "INSERT INTO unfilled_projection (name) SELECT 'known_reckonings'"
        " WHERE EXISTS (SELECT FROM consumer_offset WHERE source_position > 0)"
    )


def downgrade() -> None:
    op.execute("DELETE FROM unfilled_projection WHERE name = 'known_reckonings'")
    op.drop_table("known_reckoning")
