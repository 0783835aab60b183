"""performance"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contract_document",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_contract_document_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_document")),
        sa.UniqueConstraint("contract_id", "sha256", name=op.f("uq_contract_document_contract_id_sha256")),
    )
    op.create_table(
        "duty",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("owed_by", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("fulfilled_on", sa.Date(), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('obligation', 'milestone')", name=op.f("ck_duty_known_kind")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_duty_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty")),
    )
    op.create_index(op.f("ix_duty_contract_id_kind_code"), "duty", ["contract_id", "kind", "code"], unique=False)
    op.create_table(
        "measure",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("better", sa.Text(), nullable=False),
        sa.Column("credit_pence", sa.BigInteger(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("better IN ('higher', 'lower')", name=op.f("ck_measure_known_direction")),
        sa.CheckConstraint("credit_pence >= 0", name=op.f("ck_measure_no_negative_credit")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_measure_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measure")),
    )
    op.create_index(op.f("ix_measure_contract_id_code"), "measure", ["contract_id", "code"], unique=False)
    op.create_table(
        "measure_result",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_to", sa.Date(), nullable=False),
        sa.Column("reached", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("period_to >= period_from", name=op.f("ck_measure_result_ends_after_it_starts")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_measure_result_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measure_result")),
    )
    op.create_index(
        op.f("ix_measure_result_contract_id_measure_period_from"),
        "measure_result",
        ["contract_id", "measure", "period_from"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_measure_result_contract_id_measure_period_from"), table_name="measure_result")
    op.drop_table("measure_result")
    op.drop_index(op.f("ix_measure_contract_id_code"), table_name="measure")
    op.drop_table("measure")
    op.drop_index(op.f("ix_duty_contract_id_kind_code"), table_name="duty")
    op.drop_table("duty")
    op.drop_table("contract_document")
