"""Plans, their steps and what was done with them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plan",
        sa.Column("reference", sa.Text(), primary_key=True),
        # Shown to no caller: who has it could take the plan's steps.
        sa.Column("key", sa.Text(), nullable=False, unique=True),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("bodies", ARRAY(sa.Text()), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.Column("base", JSONB(), nullable=False),
        sa.Column("foreseen", JSONB(), nullable=False),
        # A branch is promoted once: again is the same plan.
        sa.Column("branch_id", sa.Text(), nullable=False, unique=True),
    )
    op.create_table(
        "plan_step",
        sa.Column("plan", sa.Text(), sa.ForeignKey("plan.reference"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("needs_version", sa.Boolean(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("is_assumed", sa.Boolean(), nullable=False),
        sa.Column("location", sa.Text()),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("touched", ARRAY(sa.Text()), nullable=False),
    )
    op.create_table(
        "act",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        # None: passed on to life, and the process ended before it had the answer.
        sa.Column("status", sa.Integer()),
        sa.Column("location", sa.Text()),
        sa.Column("answer", sa.LargeBinary()),
        sa.ForeignKeyConstraint(["plan", "number"], ["plan_step.plan", "plan_step.number"]),
    )
    op.create_index("ix_act_plan_number", "act", ["plan", "number"])


def downgrade() -> None:
    op.drop_table("act")
    op.drop_table("plan_step")
    op.drop_table("plan")
