"""A contract that a body signed before it was established is conditional until that body ratifies it."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the commitment and its ratifications."""
    op.add_column("contract", sa.Column("committed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("contract", sa.Column("not_established", sa.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.create_table(
        "ratification",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("body_code", sa.Text(), nullable=False),
        sa.Column("is_refused", sa.Boolean(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_ratification_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ratification")),
        sa.UniqueConstraint("contract_id", "body_code", name=op.f("uq_ratification_contract_id_body_code")),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("ratification")
    for name in ("committed_at", "not_established"):
        op.drop_column("contract", name)
