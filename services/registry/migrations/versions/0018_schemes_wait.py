"""Transfer schemes that wait, and continue."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the statements that what a scheme moves waits, or continues."""
    op.create_table(
        "transfer_scheme_pause",
        sa.Column("merger_id", sa.Integer(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("suspended", sa.Boolean(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stated_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["merger_id", "scheme"],
            ["transfer_scheme.merger_id", "transfer_scheme.reference"],
            name=op.f("fk_transfer_scheme_pause_merger_id_scheme"),
        ),
        sa.PrimaryKeyConstraint("merger_id", "scheme", "number", name=op.f("pk_transfer_scheme_pause")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("transfer_scheme_pause")
