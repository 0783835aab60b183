"""Figures lead to their events by id, and what was published keeps its answer under its digest."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "heard_event",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("keys", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("readers", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "position", name=op.f("pk_heard_event")),
    )
    op.create_index(op.f("ix_heard_event_event_id"), "heard_event", ["event_id"], unique=False)
    op.create_index(op.f("ix_heard_event_keys"), "heard_event", ["keys"], unique=False, postgresql_using="gin")
    op.add_column("priced_delay", sa.Column("digest", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("priced_delay", sa.Column("content", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.create_index(op.f("ix_priced_delay_digest"), "priced_delay", ["digest"], unique=False)
    op.add_column("published_cost_shift", sa.Column("digest", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.create_index(op.f("ix_published_cost_shift_digest"), "published_cost_shift", ["digest"], unique=False)
    op.add_column(
        "published_exit_assessment", sa.Column("content", sa.Text(), server_default=sa.text("''"), nullable=False)
    )
    op.create_index(op.f("ix_published_exit_assessment_digest"), "published_exit_assessment", ["digest"], unique=False)
    op.add_column("run", sa.Column("as_at", sa.Date(), nullable=True))
    op.add_column("run", sa.Column("as_known", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_run_digest", "run", ["digest"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_run_digest", table_name="run")
    op.drop_column("run", "as_known")
    op.drop_column("run", "as_at")
    op.drop_index(op.f("ix_published_exit_assessment_digest"), table_name="published_exit_assessment")
    op.drop_column("published_exit_assessment", "content")
    op.drop_index(op.f("ix_published_cost_shift_digest"), table_name="published_cost_shift")
    op.drop_column("published_cost_shift", "digest")
    op.drop_index(op.f("ix_priced_delay_digest"), table_name="priced_delay")
    op.drop_column("priced_delay", "content")
    op.drop_column("priced_delay", "digest")
    op.drop_index(op.f("ix_heard_event_keys"), table_name="heard_event", postgresql_using="gin")
    op.drop_index(op.f("ix_heard_event_event_id"), table_name="heard_event")
    op.drop_table("heard_event")
