"""Findings of a kind are found by how their keys begin.

Revision ID: 0045
Revises: 0044
"""

from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_finding_kind_key", "finding", ["kind", "key"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_finding_kind_key", table_name="finding")
