"""tariffs"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tariff",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("function", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("pence_per_head", sa.Text(), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "tier IN ('below_minimum', 'cluster', 'scale', 'national')", name=op.f("ck_tariff_known_tier")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tariff")),
    )
    op.create_index(op.f("ix_tariff_function_publisher"), "tariff", ["function", "publisher"], unique=False)
    op.create_table(
        "line_tariff",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("function", sa.Text(), nullable=False),
        sa.Column("publisher", sa.Text(), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_line_tariff_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_tariff")),
    )
    op.create_index(
        op.f("ix_line_tariff_contract_id_function"), "line_tariff", ["contract_id", "function"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_line_tariff_contract_id_function"), table_name="line_tariff")
    op.drop_table("line_tariff")
    op.drop_index(op.f("ix_tariff_function_publisher"), table_name="tariff")
    op.drop_table("tariff")
