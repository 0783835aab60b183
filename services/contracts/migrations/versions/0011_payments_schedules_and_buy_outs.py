"""payments schedules and buy-outs"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "achievement",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("payee", sa.Text(), nullable=False),
        sa.Column("achievement", sa.Text(), nullable=False),
        sa.Column("achieved_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_achievement_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_achievement")),
    )
    op.create_index(op.f("ix_achievement_contract_id"), "achievement", ["contract_id"], unique=False)
    op.create_table(
        "buy_out_terms",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("voluntary_right", sa.Boolean(), nullable=False),
        sa.Column("equity_method", sa.Text(), nullable=False),
        sa.Column("debt_pence", sa.BigInteger(), nullable=False),
        sa.Column("swap_break_pence", sa.BigInteger(), nullable=False),
        sa.Column("redundancy_pence", sa.BigInteger(), nullable=False),
        sa.Column("subcontract_pence", sa.BigInteger(), nullable=False),
        sa.Column("distributions_pence", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("irr", sa.Text(), nullable=False),
        sa.Column("balances_pence", sa.BigInteger(), nullable=False),
        sa.Column("other_pence", sa.BigInteger(), nullable=False),
        sa.Column("tax_gross_up_pence", sa.BigInteger(), nullable=False),
        sa.Column("unitary_charge_pence", sa.BigInteger(), nullable=False),
        sa.Column("term_ends_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('pfi', 'lift')", name=op.f("ck_buy_out_terms_known_kind")),
        sa.CheckConstraint("voluntary_right = (equity_method <> '')", name=op.f("ck_buy_out_terms_right_has_method")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_buy_out_terms_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_buy_out_terms")),
    )
    op.create_index(op.f("ix_buy_out_terms_contract_id"), "buy_out_terms", ["contract_id"], unique=False)
    op.create_table(
        "due_payment",
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("payer", sa.Text(), nullable=False),
        sa.Column("payee", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_pence", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("achievement", sa.Text(), nullable=False),
        sa.Column("corrects", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("amount_pence >= 0", name=op.f("ck_due_payment_no_negative_amount")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_due_payment_contract_id")),
        sa.PrimaryKeyConstraint("item", name=op.f("pk_due_payment")),
    )
    op.create_index(op.f("ix_due_payment_contract_id"), "due_payment", ["contract_id"], unique=False)
    op.create_table(
        "payment_schedule",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("payer", sa.Text(), nullable=False),
        sa.Column("payees", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("weights", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("sum_pence", sa.BigInteger(), nullable=False),
        sa.Column("advance", sa.Text(), nullable=False),
        sa.Column("advance_on", sa.Date(), nullable=False),
        sa.Column("balance_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("pack", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "cardinality(payees) = cardinality(weights)", name=op.f("ck_payment_schedule_one_weight_a_payee")
        ),
        sa.CheckConstraint("sum_pence >= 0", name=op.f("ck_payment_schedule_no_negative_sum")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_payment_schedule_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_schedule")),
    )
    op.create_index(op.f("ix_payment_schedule_contract_id"), "payment_schedule", ["contract_id"], unique=False)
    op.create_table(
        "planned_payment",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("payer", sa.Text(), nullable=False),
        sa.Column("payee", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_pence", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_pence >= 0", name=op.f("ck_planned_payment_no_negative_amount")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_planned_payment_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_planned_payment")),
        sa.UniqueConstraint("item", "stated_at", name=op.f("uq_planned_payment_item_stated_at")),
    )
    op.create_index(op.f("ix_planned_payment_contract_id"), "planned_payment", ["contract_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_planned_payment_contract_id"), table_name="planned_payment")
    op.drop_table("planned_payment")
    op.drop_index(op.f("ix_payment_schedule_contract_id"), table_name="payment_schedule")
    op.drop_table("payment_schedule")
    op.drop_index(op.f("ix_due_payment_contract_id"), table_name="due_payment")
    op.drop_table("due_payment")
    op.drop_index(op.f("ix_buy_out_terms_contract_id"), table_name="buy_out_terms")
    op.drop_table("buy_out_terms")
    op.drop_index(op.f("ix_achievement_contract_id"), table_name="achievement")
    op.drop_table("achievement")
