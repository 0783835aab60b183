"""Funds by line, what was allocated, drawn and taken back; pools and reversed decisions."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "fund",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("holder_code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund")),
        sa.UniqueConstraint("reference", name=op.f("uq_fund_reference")),
    )
    op.create_index(op.f("ix_fund_holder_code"), "fund", ["holder_code"], unique=False)
    op.create_table(
        "known_pool",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("fund", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("members", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("shares", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_pool")),
        sa.UniqueConstraint(
            "fund",
            "stated_at",
            "effective_on",
            "instrument",
            "members",
            "shares",
            "host",
            "ends_on",
            name="uq_known_pool_once",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_known_pool_members"), "known_pool", ["members"], unique=False, postgresql_using="gin")
    op.create_table(
        "known_reversed_decision",
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint(
            "decision",
            "effective_on",
            "stated_at",
            name=op.f("uq_known_reversed_decision_decision_effective_on_stated_at"),
        ),
    )
    op.create_table(
        "fund_line",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("fund_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("organisation_code", sa.Text(), nullable=False),
        sa.Column("financial_year", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("recurrent", sa.Boolean(), nullable=False),
        sa.Column("carries_over", sa.Boolean(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_fund_line_fund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_line")),
        sa.UniqueConstraint("fund_id", "name", name=op.f("uq_fund_line_fund_id_name")),
    )
    op.create_index(op.f("ix_fund_line_organisation_code"), "fund_line", ["organisation_code"], unique=False)
    op.create_table(
        "fund_allocation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("fund_line_id", sa.Integer(), nullable=False),
        sa.Column("amount_pence", sa.BigInteger(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("amount_pence > 0", name=op.f("ck_fund_allocation_amount")),
        sa.ForeignKeyConstraint(["fund_line_id"], ["fund_line.id"], name=op.f("fk_fund_allocation_fund_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_allocation")),
    )
    op.create_index(op.f("ix_fund_allocation_fund_line_id"), "fund_allocation", ["fund_line_id"], unique=False)
    op.create_table(
        "fund_draw",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("fund_line_id", sa.Integer(), nullable=False),
        sa.Column("case_reference", sa.Text(), nullable=False),
        sa.Column("case_version", sa.Integer(), nullable=False),
        sa.Column("amount_pence", sa.BigInteger(), nullable=False),
        sa.Column("drawn_on", sa.Date(), nullable=False),
        sa.Column("recurrent_cost_pence", sa.BigInteger(), nullable=False),
        sa.Column("budget_lines", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("budget_pence", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.CheckConstraint("amount_pence > 0 AND recurrent_cost_pence >= 0", name=op.f("ck_fund_draw_amounts")),
        sa.CheckConstraint(
            "cardinality(budget_lines) = cardinality(budget_pence)", name=op.f("ck_fund_draw_a_saving_a_line")
        ),
        sa.ForeignKeyConstraint(["fund_line_id"], ["fund_line.id"], name=op.f("fk_fund_draw_fund_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_draw")),
        sa.UniqueConstraint("reference", name=op.f("uq_fund_draw_reference")),
    )
    op.create_index(
        op.f("ix_fund_draw_budget_lines"), "fund_draw", ["budget_lines"], unique=False, postgresql_using="gin"
    )
    op.create_index(op.f("ix_fund_draw_decision"), "fund_draw", ["decision"], unique=False)
    op.create_index(op.f("ix_fund_draw_fund_line_id"), "fund_draw", ["fund_line_id"], unique=False)
    op.create_table(
        "fund_scheme",
        sa.Column("organisation_code", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("fund_line_id", sa.Integer(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["fund_line_id"], ["fund_line.id"], name=op.f("fk_fund_scheme_fund_line_id")),
        sa.PrimaryKeyConstraint("organisation_code", "scheme", name=op.f("pk_fund_scheme")),
    )
    op.create_index(op.f("ix_fund_scheme_fund_line_id"), "fund_scheme", ["fund_line_id"], unique=False)
    op.create_table(
        "fund_draw_reversal",
        sa.Column("draw_id", sa.Integer(), nullable=False),
        sa.Column("reversed_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("caused_by", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["draw_id"], ["fund_draw.id"], name=op.f("fk_fund_draw_reversal_draw_id")),
        sa.PrimaryKeyConstraint("draw_id", name=op.f("pk_fund_draw_reversal")),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("fund_draw_reversal")
    op.drop_index(op.f("ix_fund_scheme_fund_line_id"), table_name="fund_scheme")
    op.drop_table("fund_scheme")
    op.drop_index(op.f("ix_fund_draw_fund_line_id"), table_name="fund_draw")
    op.drop_index(op.f("ix_fund_draw_decision"), table_name="fund_draw")
    op.drop_index(op.f("ix_fund_draw_budget_lines"), table_name="fund_draw", postgresql_using="gin")
    op.drop_table("fund_draw")
    op.drop_index(op.f("ix_fund_allocation_fund_line_id"), table_name="fund_allocation")
    op.drop_table("fund_allocation")
    op.drop_index(op.f("ix_fund_line_organisation_code"), table_name="fund_line")
    op.drop_table("fund_line")
    op.drop_table("known_reversed_decision")
    op.drop_index(op.f("ix_known_pool_members"), table_name="known_pool", postgresql_using="gin")
    op.drop_table("known_pool")
    op.drop_index(op.f("ix_fund_holder_code"), table_name="fund")
    op.drop_table("fund")
