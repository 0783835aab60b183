"""What payers paid suppliers in a month, filled from the log at the next start where events had been consumed."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_actual",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("payer", sa.Text(), nullable=False),
        sa.Column("supplier", sa.Text(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("amount_pence", sa.BigInteger(), nullable=False),
        sa.Column("duplicate_pence", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_actual")),
        sa.UniqueConstraint(
            *("payer", "supplier", "contract", "month", "stated_at", "rows", "amount_pence", "duplicate_pence"),
            name="uq_known_actual_once",
        ),
    )
    op.create_index(op.f("ix_known_actual_supplier"), "known_actual", ["supplier"], unique=False)
    op.execute(
        "INSERT INTO unfilled_projection (name) SELECT 'known_actuals'"
        " WHERE EXISTS (SELECT FROM consumer_offset WHERE source_position > 0)"
    )


def downgrade() -> None:
    op.execute("DELETE FROM unfilled_projection WHERE name = 'known_actuals'")
    op.drop_table("known_actual")
