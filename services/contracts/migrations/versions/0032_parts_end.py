"""Parts of contracts end on their day, and customers agree by their own acts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "part_end",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("functions", ARRAY(sa.Text()), nullable=False),
        sa.Column("leaving", ARRAY(sa.Text()), nullable=False),
        sa.Column("exit_day", sa.Date(), nullable=False),
        sa.Column("price", JSONB(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_part_end_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part_end")),
        sa.UniqueConstraint("cause", name=op.f("uq_part_end_cause")),
    )
    op.create_index(op.f("ix_part_end_contract_id"), "part_end", ["contract_id"], unique=False)
    op.create_table(
        "agreement_consent",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("party_code", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("authority", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "subject IN ('cost', 'hr', 'legal', 'risk', 'coordinator')", name=op.f("ck_agreement_consent_known_subject")
        ),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_agreement_consent_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_consent")),
    )
    op.create_index(
        op.f("ix_agreement_consent_contract_id_subject"), "agreement_consent", ["contract_id", "subject"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_agreement_consent_contract_id_subject"), table_name="agreement_consent")
    op.drop_table("agreement_consent")
    op.drop_index(op.f("ix_part_end_contract_id"), table_name="part_end")
    op.drop_table("part_end")
