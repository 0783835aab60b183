"""Published payments, imports of them, names under which bodies are published.

Revision ID: 0042
Revises: 0041
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0042"
down_revision: str | None = "0041"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "name_alias",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_name_alias")),
        sa.UniqueConstraint("name", name=op.f("uq_name_alias_name")),
    )
    op.create_table(
        "name_alias_belief",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("facet", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("known", postgresql.TSTZRANGE(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        postgresql.ExcludeConstraint(
            (sa.text("int4range(subject_id, subject_id, '[]')"), "&&"),
            (sa.text("int4range(facet, facet, '[]')"), "&&"),
            (sa.column("valid"), "&&"),
            (sa.column("known"), "&&"),
            using="gist",
            name="ex_name_alias_belief_one_value",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_name_alias_belief")),
    )
    op.create_index(
        op.f("ix_name_alias_belief_subject_id_facet"), "name_alias_belief", ["subject_id", "facet"], unique=False
    )
    op.create_table(
        "name_alias_statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("facet", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fills_before", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_name_alias_statement")),
        sa.UniqueConstraint(
            "subject_id",
            "facet",
            "stated_at",
            "valid",
            "value",
            "fills_before",
            "source",
            name="uq_name_alias_statement_said",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "payment_import",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("payer", sa.Text(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("correlation", sa.Text(), nullable=False),
        sa.Column("causation", sa.Text(), nullable=False),
        sa.Column("alive_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("progress", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("repeated", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'refused', 'failed')", name=op.f("ck_payment_import_known_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_import")),
        sa.UniqueConstraint("reference", name=op.f("uq_payment_import_reference")),
    )
    op.create_index(op.f("ix_payment_import_sha256"), "payment_import", ["sha256"], unique=False)
    op.create_table(
        "spend_total",
        sa.Column("payer", sa.Text(), nullable=False),
        sa.Column("supplier", sa.Text(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("amount_pence", sa.BigInteger(), nullable=False),
        sa.Column("duplicate_pence", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("payer", "supplier", "contract", "month", name=op.f("pk_spend_total")),
    )
    op.create_table(
        "payment_import_refusal",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["payment_import.id"], name=op.f("fk_payment_import_refusal_import_id")),
        sa.PrimaryKeyConstraint("import_id", "line", name=op.f("pk_payment_import_refusal")),
    )
    op.create_table(
        "published_payment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("publication", sa.Text(), nullable=False),
        sa.Column("payer", sa.Text(), nullable=False),
        sa.Column("payer_code", sa.Text(), nullable=True),
        sa.Column("payer_key", sa.Text(), nullable=False),
        sa.Column("day_text", sa.Text(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("supplier", sa.Text(), nullable=False),
        sa.Column("supplier_key", sa.Text(), nullable=False),
        sa.Column("amount_text", sa.Text(), nullable=False),
        sa.Column("amount_pence", sa.BigInteger(), nullable=True),
        sa.Column("expense_type", sa.Text(), nullable=False),
        sa.Column("expense_area", sa.Text(), nullable=False),
        sa.Column("transaction_number", sa.Text(), nullable=False),
        sa.Column("flags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["payment_import.id"], name=op.f("fk_published_payment_import_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_published_payment")),
        sa.UniqueConstraint(
            "content", "publication", "occurrence", name=op.f("uq_published_payment_content_publication_occurrence")
        ),
    )
    op.create_index(op.f("ix_published_payment_import_id"), "published_payment", ["import_id"], unique=False)
    op.create_index(
        op.f("ix_published_payment_payer_code_paid_on"), "published_payment", ["payer_code", "paid_on"], unique=False
    )
    op.create_index(op.f("ix_published_payment_supplier_key"), "published_payment", ["supplier_key"], unique=False)


def downgrade() -> None:
    """Drop the tables."""
    op.drop_index(op.f("ix_published_payment_supplier_key"), table_name="published_payment")
    op.drop_index(op.f("ix_published_payment_payer_code_paid_on"), table_name="published_payment")
    op.drop_index(op.f("ix_published_payment_import_id"), table_name="published_payment")
    op.drop_table("published_payment")
    op.drop_table("payment_import_refusal")
    op.drop_table("spend_total")
    op.drop_index(op.f("ix_payment_import_sha256"), table_name="payment_import")
    op.drop_table("payment_import")
    op.drop_table("name_alias_statement")
    op.drop_index(op.f("ix_name_alias_belief_subject_id_facet"), table_name="name_alias_belief")
    op.drop_table("name_alias_belief")
    op.drop_table("name_alias")
