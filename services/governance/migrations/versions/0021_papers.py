"""Proposals have papers, which are read on the record and recalled.

Revision ID: 0021
Revises: 0020
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "paper",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("proposal", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("added_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["proposal"], ["proposal.reference"], name=op.f("fk_paper_proposal")),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_paper")),
    )
    op.create_index(op.f("ix_paper_proposal"), "paper", ["proposal"], unique=False)
    op.create_table(
        "paper_read",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("paper", sa.Text(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("read_on", sa.Date(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["paper"], ["paper.reference"], name=op.f("fk_paper_read_paper")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_paper_read_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_read")),
    )
    op.create_index(op.f("ix_paper_read_paper_person_id"), "paper_read", ["paper", "person_id"], unique=False)
    op.create_table(
        "paper_recall",
        sa.Column("paper", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("path", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("recalled_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["paper"], ["paper.reference"], name=op.f("fk_paper_recall_paper")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_paper_recall_person_id")),
        sa.PrimaryKeyConstraint("paper", "person_id", name=op.f("pk_paper_recall")),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("paper_recall")
    op.drop_index(op.f("ix_paper_read_paper_person_id"), table_name="paper_read")
    op.drop_table("paper_read")
    op.drop_index(op.f("ix_paper_proposal"), table_name="paper")
    op.drop_table("paper")
