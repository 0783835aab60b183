"""Terms of buy-outs as contracts publishes them, and the savings that customers state."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "buy_out_saving",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("saving_pence", sa.BigInteger(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("loan_service_pence", sa.BigInteger(), nullable=True),
        sa.Column("first_year", sa.Integer(), nullable=False),
        sa.Column("last_year", sa.Integer(), nullable=False),
        sa.Column("paid_pence", sa.BigInteger(), nullable=True),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("basis IN ('gross', 'net_of_borrowing')", name=op.f("ck_buy_out_saving_known_basis")),
        sa.CheckConstraint(
            "first_year >= 0 AND last_year >= first_year AND last_year <= 300", name=op.f("ck_buy_out_saving_years")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_buy_out_saving")),
    )
    op.create_index(
        op.f("ix_buy_out_saving_contract_stated_at"), "buy_out_saving", ["contract", "stated_at"], unique=False
    )
    op.create_table(
        "known_buy_out",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("supplier", sa.Text(), nullable=False),
        sa.Column("customers", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_buy_out")),
    )
    op.create_index(
        op.f("ix_known_buy_out_customers"), "known_buy_out", ["customers"], unique=False, postgresql_using="gin"
    )
    op.create_index(op.f("ix_known_buy_out_supplier"), "known_buy_out", ["supplier"], unique=False)
    op.create_index(
        "uq_known_buy_out_once",
        "known_buy_out",
        ["contract", "stated_at", "effective_on", sa.literal_column("md5(terms)")],
        unique=True,
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_index("uq_known_buy_out_once", table_name="known_buy_out")
    op.drop_index(op.f("ix_known_buy_out_supplier"), table_name="known_buy_out")
    op.drop_index(op.f("ix_known_buy_out_customers"), table_name="known_buy_out", postgresql_using="gin")
    op.drop_table("known_buy_out")
    op.drop_index(op.f("ix_buy_out_saving_contract_stated_at"), table_name="buy_out_saving")
    op.drop_table("buy_out_saving")
