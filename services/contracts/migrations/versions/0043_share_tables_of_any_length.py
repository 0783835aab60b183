"""A table of shares may be longer than a row of an index: its statements are told apart by a digest.

Revision ID: 0043
Revises: 0042
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0043"
down_revision: str | None = "0042"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_ONCE = ("subject_id", "facet", "stated_at", "valid", "value", "fills_before", "source")
_TABLE, _NAME = "contract_share_statement", "uq_contract_share_statement_said"


def upgrade() -> None:
    """Put the digest of the value in the place of the value."""
    op.drop_constraint(_NAME, _TABLE, type_="unique")
    columns = [sa.text("md5(value)") if name == "value" else name for name in _ONCE]
    op.create_index(_NAME, _TABLE, columns, unique=True, postgresql_nulls_not_distinct=True)


def downgrade() -> None:
    """Put the value in the place of its digest."""
    op.drop_index(_NAME, table_name=_TABLE)
    op.create_unique_constraint(_NAME, _TABLE, list(_ONCE), postgresql_nulls_not_distinct=True)
