"""Terms beside words: conditions of approvals, their evidence, services of care models."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the terms. What was recorded before has words alone, which only its parties read."""
    op.add_column("merger_condition", sa.Column("condition", sa.Text(), server_default="other", nullable=False))
    op.add_column("merger_condition", sa.Column("evidence_type", sa.Text(), nullable=True))
    op.execute("UPDATE merger_condition SET evidence_type = 'other' WHERE evidence IS NOT NULL")
    op.add_column(
        "care_model_statement",
        sa.Column("offers", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
    )


def downgrade() -> None:
    """Remove the terms."""
    op.drop_column("care_model_statement", "offers")
    op.drop_column("merger_condition", "evidence_type")
    op.drop_column("merger_condition", "condition")
