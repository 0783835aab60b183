"""Parts of bodies that continue, in plans of mergers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column: mergers recorded before have no parts."""
    op.add_column("merger", sa.Column("parts", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False))
    op.create_index(
        "ix_merger_parts", "merger", ["parts"], postgresql_using="gin", postgresql_ops={"parts": "jsonb_path_ops"}
    )


def downgrade() -> None:
    """Remove the parts."""
    op.drop_index("ix_merger_parts", table_name="merger")
    op.drop_column("merger", "parts")
