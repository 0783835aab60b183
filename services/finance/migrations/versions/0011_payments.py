"""What contracts says of payments, and the entries by which items were paid."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "known_payment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("payer", sa.Text(), nullable=False),
        sa.Column("payee", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_pence", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("achievement", sa.Text(), nullable=False),
        sa.Column("corrects", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("what IN ('planned', 'due')", name=op.f("ck_known_payment_what")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_payment")),
        sa.UniqueConstraint(
            "what", "item", "stated_at", "payer", "payee", "amount_pence", "due_on", name="uq_known_payment_once"
        ),
    )
    op.create_index(op.f("ix_known_payment_contract"), "known_payment", ["contract"], unique=False)
    op.create_index(op.f("ix_known_payment_payee"), "known_payment", ["payee"], unique=False)
    op.create_index(op.f("ix_known_payment_payer"), "known_payment", ["payer"], unique=False)
    op.create_table(
        "payment_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sort", sa.Text(), nullable=False),
        sa.Column("payer", sa.Text(), nullable=False),
        sa.Column("payee", sa.Text(), nullable=False),
        sa.Column("amount_pence", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("sort IN ('made', 'reversed')", name=op.f("ck_payment_entry_sort")),
        sa.CheckConstraint("amount_pence > 0", name=op.f("ck_payment_entry_amount")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_entry")),
        sa.UniqueConstraint("item", "number", name=op.f("uq_payment_entry_item_number")),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("payment_entry")
    op.drop_index(op.f("ix_known_payment_payer"), table_name="known_payment")
    op.drop_index(op.f("ix_known_payment_payee"), table_name="known_payment")
    op.drop_index(op.f("ix_known_payment_contract"), table_name="known_payment")
    op.drop_table("known_payment")
