"""Contracts that are published, and the releases that were given out.

Revision ID: 0041
Revises: 0040
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0041"
down_revision: str | None = "0040"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "contract_publication",
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("ocid", sa.Text(), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("seen_version", sa.Integer(), nullable=False),
        sa.Column("look_on", sa.Date()),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_contract_publication_contract_id")),
        sa.PrimaryKeyConstraint("contract_id", name=op.f("pk_contract_publication")),
    )
    op.create_index(op.f("ix_contract_publication_ocid"), "contract_publication", ["ocid"])
    op.create_index(op.f("ix_contract_publication_look_on"), "contract_publication", ["look_on"])
    op.create_table(
        "ocds_release",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("ocid", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("customers", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_ocds_release_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ocds_release")),
        sa.UniqueConstraint("release", name=op.f("uq_ocds_release_release")),
    )
    op.create_index(op.f("ix_ocds_release_ocid_id"), "ocds_release", ["ocid", "id"])
    op.create_index(op.f("ix_ocds_release_contract_id_id"), "ocds_release", ["contract_id", "id"])
    op.create_index(op.f("ix_ocds_release_customers"), "ocds_release", ["customers"], postgresql_using="gin")


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("ocds_release")
    op.drop_table("contract_publication")
