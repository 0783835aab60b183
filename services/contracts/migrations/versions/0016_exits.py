"""Notices, offers to end, staff lists and exit plans; a contract that renewed ends after its first term."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TABLES = ("exit_notice", "exit_notice_act", "termination_offer", "termination_offer_act", "exit_paper")


def upgrade() -> None:
    """Add the tables; let a contract end after the last day of its first term."""
    op.drop_constraint(op.f("ck_contract_exit_within_term"), "contract")
    op.create_check_constraint(op.f("ck_contract_exit_within_term"), "contract", "exit_day >= starts_on")
    op.create_table(
        "exit_notice",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("served_by", sa.Text(), nullable=False),
        sa.Column("served_on", sa.Date(), nullable=False),
        sa.Column("deemed_on", sa.Date(), nullable=False),
        sa.Column("exit_day", sa.Date(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("functions", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("leaving", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("faults", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("side IN ('customers', 'supplier')", name=op.f("ck_exit_notice_known_side")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_exit_notice_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exit_notice")),
        sa.UniqueConstraint("reference", name=op.f("uq_exit_notice_reference")),
    )
    op.create_index(op.f("ix_exit_notice_contract_id"), "exit_notice", ["contract_id"], unique=False)
    op.create_table(
        "exit_notice_act",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("agreement", sa.Text(), nullable=True),
        sa.Column("acted_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("act IN ('consent', 'withdrawal', 'end')", name=op.f("ck_exit_notice_act_known_act")),
        sa.ForeignKeyConstraint(["notice_id"], ["exit_notice.id"], name=op.f("fk_exit_notice_act_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exit_notice_act")),
    )
    op.create_index(op.f("ix_exit_notice_act_notice_id"), "exit_notice_act", ["notice_id"], unique=False)
    op.create_table(
        "termination_offer",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("offered_by", sa.Text(), nullable=False),
        sa.Column("exit_day", sa.Date(), nullable=False),
        sa.Column("functions", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("leaving", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("price", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("offered_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("side IN ('customers', 'supplier')", name=op.f("ck_termination_offer_known_side")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_termination_offer_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_termination_offer")),
        sa.UniqueConstraint("reference", name=op.f("uq_termination_offer_reference")),
    )
    op.create_index(op.f("ix_termination_offer_contract_id"), "termination_offer", ["contract_id"], unique=False)
    op.create_table(
        "termination_offer_act",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("acted_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("act IN ('acceptance', 'recall')", name=op.f("ck_termination_offer_act_known_act")),
        sa.ForeignKeyConstraint(["offer_id"], ["termination_offer.id"], name=op.f("fk_termination_offer_act_offer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_termination_offer_act")),
    )
    op.create_index("uq_termination_offer_act_settled", "termination_offer_act", ["offer_id"], unique=True)
    op.create_table(
        "exit_paper",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('staff', 'plan', 'receipt')", name=op.f("ck_exit_paper_known_kind")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_exit_paper_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exit_paper")),
    )
    op.create_index(
        op.f("ix_exit_paper_contract_id_kind_stated_at"),
        "exit_paper",
        ["contract_id", "kind", "stated_at"],
        unique=False,
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.drop_constraint(op.f("ck_contract_exit_within_term"), "contract")
    op.create_check_constraint(
        op.f("ck_contract_exit_within_term"), "contract", "exit_day BETWEEN starts_on AND last_day"
    )
