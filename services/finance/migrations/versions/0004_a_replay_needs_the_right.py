"""a stored response is given only to who still has the rights that it took"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What is stored already does not say which rights it took. A key is kept for a day, so none of it is kept.
    op.execute("DELETE FROM idempotency_key")
    op.add_column("idempotency_key", sa.Column("rights", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("idempotency_key", "rights")
