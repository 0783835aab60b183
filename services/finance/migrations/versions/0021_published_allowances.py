"""allowances that follow from the registry's counts"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "published_allowance",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("allowance_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("population", sa.BigInteger(), nullable=False),
        sa.Column("moderated", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("rate_pence", sa.Integer(), nullable=False),
        sa.Column("rate_found", sa.Boolean(), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("amount_pence", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "population > 0 AND rate_pence > 0 AND amount_pence >= 0", name=op.f("ck_published_allowance_amounts")
        ),
        sa.CheckConstraint("until IS NULL OR until > since", name=op.f("ck_published_allowance_instants")),
        sa.ForeignKeyConstraint(["allowance_id"], ["allowance.id"], name=op.f("fk_published_allowance_allowance_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_published_allowance")),
        sa.UniqueConstraint("allowance_id", "since", name="uq_published_allowance_since"),
    )


def downgrade() -> None:
    op.drop_table("published_allowance")
