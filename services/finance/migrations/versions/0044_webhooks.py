"""Webhooks: their targets, how far each is, and what was given up.

Revision ID: 0044
Revises: 0043
"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

_NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "webhook",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("acts_for", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("types", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("organisations", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("watch_list", sa.Integer(), nullable=True),
        sa.Column("signing", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("former_secret", sa.LargeBinary(), nullable=True),
        sa.Column("former_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("given_up", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.CheckConstraint("state IN ('active', 'paused', 'disabled')", name=op.f("ck_webhook_known_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.create_index(op.f("ix_webhook_owner"), "webhook", ["owner"], unique=False)
    op.create_index(
        op.f("ix_webhook_due_at"), "webhook", ["due_at"], unique=False, postgresql_where=sa.text("state = 'active'")
    )
    op.create_table(
        "webhook_dead_letter",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("webhook_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("given_up_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("resend_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["webhook_id"],
            ["webhook.id"],
            name=op.f("fk_webhook_dead_letter_webhook_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_dead_letter")),
    )
    op.create_index(
        op.f("ix_webhook_dead_letter_webhook_id_position"),
        "webhook_dead_letter",
        ["webhook_id", "position"],
        unique=True,
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("webhook_dead_letter")
    op.drop_table("webhook")
