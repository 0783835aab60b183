"""Indexes of the beginnings of names, and of when statements were recorded."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes."""
    op.create_index(
        "ix_organisation_belief_name",
        "organisation_belief",
        [sa.text("lower(value)")],
        postgresql_where=sa.text("facet = 2"),
    )
    op.create_index(
        "ix_organisation_statement_recorded_at",
        "organisation_statement",
        ["recorded_at"],
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on", "pages_per_range": 16},
    )


def downgrade() -> None:
    """Remove the indexes."""
    op.drop_index("ix_organisation_statement_recorded_at", "organisation_statement")
    op.drop_index("ix_organisation_belief_name", "organisation_belief")
