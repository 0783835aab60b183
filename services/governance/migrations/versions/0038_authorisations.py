"""Authorisations of CCGs, their conditions and what lifted them; assessments of suppliers, as contracts publishes them.

Revision ID: 0038
Revises: 0037
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0038"
down_revision: str | None = "0037"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _recorded() -> list[sa.Column[object]]:
    return [
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
    ]


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "authorisation",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("wave", sa.Integer(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("deferred", sa.Boolean(), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        *_recorded(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorisation")),
        sa.UniqueConstraint("reference", name=op.f("uq_authorisation_reference")),
    )
    op.create_index(
        op.f("ix_authorisation_organisation_decided_on"), "authorisation", ["organisation", "decided_on"], unique=False
    )
    op.create_table(
        "authorisation_condition",
        sa.Column("authorisation_id", sa.Integer(), nullable=False),
        sa.Column("criterion", sa.Integer(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("functions", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("exercised_by", sa.Text(), nullable=False),
        sa.Column("rectify_by", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "exercised_by = '' OR functions <> '{}'", name=op.f("ck_authorisation_condition_moves_something")
        ),
        sa.ForeignKeyConstraint(
            ["authorisation_id"], ["authorisation.id"], name=op.f("fk_authorisation_condition_authorisation_id")
        ),
        sa.PrimaryKeyConstraint("authorisation_id", "criterion", name=op.f("pk_authorisation_condition")),
    )
    op.create_table(
        "condition_lift",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("authorisation_id", sa.Integer(), nullable=False),
        sa.Column("criterion", sa.Integer(), nullable=False),
        sa.Column("lifted_on", sa.Date(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        *_recorded(),
        sa.ForeignKeyConstraint(
            ["authorisation_id"], ["authorisation.id"], name=op.f("fk_condition_lift_authorisation_id")
        ),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_condition_lift")),
        sa.UniqueConstraint("authorisation_id", "criterion", name=op.f("uq_condition_lift_authorisation_id_criterion")),
    )
    op.create_table(
        "known_checkpoint",
        sa.Column("supplier", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("unmet", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("customers", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("stop_on", sa.Date(), nullable=True),
        sa.Column("replace_by", sa.Date(), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint(
            "supplier", "effective_on", "stated_at", name=op.f("uq_known_checkpoint_supplier_effective_on_stated_at")
        ),
    )
    op.execute("INSERT INTO unfilled_projection (name) VALUES ('known_checkpoints') ON CONFLICT DO NOTHING")


def downgrade() -> None:
    """Drop the tables."""
    op.execute("DELETE FROM unfilled_projection WHERE name = 'known_checkpoints'")
    for table in ("known_checkpoint", "condition_lift", "authorisation_condition", "authorisation"):
        op.drop_table(table)
