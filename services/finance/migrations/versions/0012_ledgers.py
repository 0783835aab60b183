"""ledgers: mappings to the national chart, postings, closes"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_mapping",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("organisation_code", sa.Text(), nullable=False),
        sa.Column("local_code", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("until IS NULL OR until > effective_on", name=op.f("ck_account_mapping_days")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_mapping")),
    )
    op.create_index(
        op.f("ix_account_mapping_organisation_code_local_code"),
        "account_mapping",
        ["organisation_code", "local_code"],
        unique=False,
    )
    op.create_table(
        "ledger_close",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("organisation_code", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("boundaries_on", sa.Date(), nullable=False),
        sa.Column("postings", sa.Integer(), nullable=False),
        sa.Column("total_pence", sa.BigInteger(), nullable=False),
        sa.Column("chart", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("series IN ('statutory', 'management')", name=op.f("ck_ledger_close_series")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_close")),
        sa.UniqueConstraint(
            "organisation_code", "period", "series", name=op.f("uq_ledger_close_organisation_code_period_series")
        ),
    )
    op.create_table(
        "posting_batch",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("organisation_code", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("postings", sa.Integer(), nullable=False),
        sa.Column("total_pence", sa.BigInteger(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting_batch")),
        sa.UniqueConstraint(
            "organisation_code", "reference", name=op.f("uq_posting_batch_organisation_code_reference")
        ),
    )
    op.create_table(
        "ledger_close_line",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("close_id", sa.Integer(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("postings", sa.Integer(), nullable=False),
        sa.Column("amount_pence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["close_id"], ["ledger_close.id"], name=op.f("fk_ledger_close_line_close_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_close_line")),
        sa.UniqueConstraint("close_id", "account", name=op.f("uq_ledger_close_line_close_id_account")),
    )
    op.create_table(
        "posting",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("organisation_code", sa.Text(), nullable=False),
        sa.Column("local_code", sa.Text(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("amount_pence", sa.BigInteger(), nullable=False),
        sa.Column("counterparty", sa.Text(), nullable=True),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["posting_batch.id"], name=op.f("fk_posting_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting")),
    )
    op.create_index(
        op.f("ix_posting_organisation_code_posted_on"), "posting", ["organisation_code", "posted_on"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_posting_organisation_code_posted_on"), table_name="posting")
    op.drop_table("posting")
    op.drop_table("ledger_close_line")
    op.drop_table("posting_batch")
    op.drop_table("ledger_close")
    op.drop_index(op.f("ix_account_mapping_organisation_code_local_code"), table_name="account_mapping")
    op.drop_table("account_mapping")
