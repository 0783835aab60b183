"""Indexes of payments and totals; terms and conditions may be longer than a row of an index.

Revision ID: 0046
Revises: 0045
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0046"
down_revision: str | None = "0045"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_ONCE = ("subject_id", "facet", "stated_at", "valid", "value", "fills_before", "source")
_LONG = ("contract_terms_statement", "contract_condition_statement")


def upgrade() -> None:
    """Add the indexes, and put the digest of a value in the place of the value."""
    op.create_index("ix_published_payment_payer_key", "published_payment", ["payer_key"])
    op.create_index("ix_spend_total_supplier", "spend_total", ["supplier"])
    columns = [sa.text("md5(value)") if name == "value" else name for name in _ONCE]
    for table in _LONG:
        name = f"uq_{table}_said"
        op.drop_constraint(name, table, type_="unique")
        op.create_index(name, table, columns, unique=True, postgresql_nulls_not_distinct=True)


def downgrade() -> None:
    """Put the value in the place of its digest, and take the indexes away."""
    for table in _LONG:
        name = f"uq_{table}_said"
        op.drop_index(name, table_name=table)
        op.create_unique_constraint(name, table, list(_ONCE), postgresql_nulls_not_distinct=True)
    op.drop_index("ix_spend_total_supplier", table_name="spend_total")
    op.drop_index("ix_published_payment_payer_key", table_name="published_payment")
