"""Events that were heard keep the correlation of what they belong to; of those heard before it is not known."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("dossier_event", sa.Column("correlation", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("dossier_event", "correlation")
