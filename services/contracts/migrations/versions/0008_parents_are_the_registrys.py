"""Parents of organisations are the registry's alone: no rule of this service asks for them."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Remove what was heard of parents."""
    op.execute("DELETE FROM known_organisation_belief WHERE facet = 3")
    op.execute("DELETE FROM known_organisation_statement WHERE facet = 3")


def downgrade() -> None:
    """Leave it out: a rebuild of the projection hears it again."""
