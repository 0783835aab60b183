"""The copy of a contract has the tier of the tariff of each of its functions."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    tiers = sa.Column("tiers", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False)
    op.add_column("known_contract", tiers)


def downgrade() -> None:
    op.drop_column("known_contract", "tiers")
