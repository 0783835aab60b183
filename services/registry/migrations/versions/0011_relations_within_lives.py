"""Relations within the lives of the bodies that they name: indexes, and all beliefs by the rule of today."""

import sqlalchemy as sa
from alembic import op

from services.registry.core.settlement import restate_all

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ABOVE = sa.text("facet IN (3, 9, 10, 11, 12)")


def upgrade() -> None:
    """Add the indexes, and compute every belief anew: a sighting is of its day now, and relations end with bodies."""
    op.drop_index("ix_organisation_belief_parent", table_name="organisation_belief")
    op.create_index("ix_organisation_belief_above", "organisation_belief", ["value"], postgresql_where=ABOVE)
    op.create_index("ix_organisation_statement_above", "organisation_statement", ["value"], postgresql_where=ABOVE)
    # The rule is a pure function in Python, of today. A later migration that changes one of the tables that it reads or
    # writes takes this line out, and computes the beliefs itself.
    op.get_bind().connection.run_async(restate_all)


def downgrade() -> None:
    """Remove the indexes; the beliefs stay, and each is computed anew with the next statement about it."""
    op.drop_index("ix_organisation_statement_above", table_name="organisation_statement")
    op.drop_index("ix_organisation_belief_above", table_name="organisation_belief")
    op.create_index(
        "ix_organisation_belief_parent", "organisation_belief", ["value"], postgresql_where=sa.text("facet = 3")
    )
