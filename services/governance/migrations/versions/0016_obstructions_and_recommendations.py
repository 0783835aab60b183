"""Obstructions, prices of delays, and recommendations with their replies.

Revision ID: 0016
Revises: 0015
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "known_price",
        sa.Column("proposal", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("horizon", sa.Text(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("monthly_pence", sa.BigInteger(), nullable=False),
        sa.Column("to_date_pence", sa.BigInteger(), nullable=False),
        sa.Column("case_reference", sa.Text(), nullable=False),
        sa.Column("case_version", sa.Integer(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint(
            "proposal",
            "body",
            "horizon",
            "months",
            "monthly_pence",
            "effective_on",
            "stated_at",
            name="uq_known_price_once",
        ),
    )
    op.create_table(
        "obstruction",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("parties", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("share", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(ended_on IS NULL) = (ended_at IS NULL)", name=op.f("ck_obstruction_ended_whole")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_obstruction")),
    )
    op.create_index("ix_obstruction_parties", "obstruction", ["parties"], unique=False, postgresql_using="gin")
    op.create_index(
        "uq_obstruction_open",
        "obstruction",
        ["about", "body", "kind"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "recommendation",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("footprint", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("parties", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("reply_by", sa.Date(), nullable=False),
        sa.Column("votes_for", sa.Integer(), nullable=True),
        sa.Column("votes_against", sa.Integer(), nullable=True),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recommendation")),
    )
    op.create_index(op.f("ix_recommendation_footprint"), "recommendation", ["footprint"], unique=False)
    op.create_index("ix_recommendation_parties", "recommendation", ["parties"], unique=False, postgresql_using="gin")
    op.create_table(
        "recommendation_addressee",
        sa.Column("recommendation", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("consents", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recommendation"], ["recommendation.id"], name=op.f("fk_recommendation_addressee_recommendation")
        ),
        sa.PrimaryKeyConstraint("recommendation", "body", name=op.f("pk_recommendation_addressee")),
    )
    op.create_index(op.f("ix_recommendation_addressee_body"), "recommendation_addressee", ["body"], unique=False)
    op.create_table(
        "recommendation_reply",
        sa.Column("recommendation", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("replied_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["recommendation"], ["recommendation.id"], name=op.f("fk_recommendation_reply_recommendation")
        ),
        sa.PrimaryKeyConstraint("recommendation", "body", name=op.f("pk_recommendation_reply")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("recommendation_reply")
    op.drop_index(op.f("ix_recommendation_addressee_body"), table_name="recommendation_addressee")
    op.drop_table("recommendation_addressee")
    op.drop_index("ix_recommendation_parties", table_name="recommendation", postgresql_using="gin")
    op.drop_index(op.f("ix_recommendation_footprint"), table_name="recommendation")
    op.drop_table("recommendation")
    op.drop_index("uq_obstruction_open", table_name="obstruction", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_obstruction_parties", table_name="obstruction", postgresql_using="gin")
    op.drop_table("obstruction")
    op.drop_table("known_price")
