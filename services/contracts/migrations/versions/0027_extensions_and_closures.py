"""Options to extend that were used, and contracts that were closed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables, and the end of the term that a contract is in; what renewed before is in its beliefs."""
    op.add_column("contract", sa.Column("term_end", sa.Date(), nullable=True))
    op.execute(
        "UPDATE contract c SET term_end = b.day FROM ("
        " SELECT subject_id, max(upper(valid)) - 1 AS day FROM contract_life_belief"
        " WHERE value = 'active' AND upper_inf(known) GROUP BY subject_id) b"
        " WHERE b.subject_id = c.id AND c.status = 'signed' AND b.day > c.last_day"
    )
    op.create_table(
        "contract_closure",
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_contract_closure_contract_id")),
        sa.PrimaryKeyConstraint("contract_id", name=op.f("pk_contract_closure")),
    )
    op.create_table(
        "contract_extension",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("last_day >= from_day", name=op.f("ck_contract_extension_ends_after_it_starts")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_contract_extension_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_extension")),
        sa.UniqueConstraint("reference", name=op.f("uq_contract_extension_reference")),
    )
    op.create_index(op.f("ix_contract_extension_contract_id"), "contract_extension", ["contract_id"], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.drop_column("contract", "term_end")
    op.drop_index(op.f("ix_contract_extension_contract_id"), table_name="contract_extension")
    op.drop_table("contract_extension")
    op.drop_table("contract_closure")
