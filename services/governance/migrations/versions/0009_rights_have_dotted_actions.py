"""A right has a dotted action, a scope, the basis of its limit, conditions, and the power in law that it comes from.

Revision ID: 0009
Revises: 0008
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Write functions as actions (`contract-award` is `contract.award`); limits measured a single commitment."""
    _replace("function", "action", "replace(function, '-', '.')")
    op.add_column("decision_right", sa.Column("scope", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column(
        "decision_right", sa.Column("limit_basis", sa.Text(), server_default=sa.text("'single'"), nullable=False)
    )
    op.add_column(
        "decision_right",
        sa.Column("conditions", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("decision_right", sa.Column("power", sa.Text(), server_default=sa.text("''"), nullable=False))


def downgrade() -> None:
    """Write actions as functions again; what the earlier version does not know is gone."""
    for name in ("power", "conditions", "limit_basis", "scope"):
        op.drop_column("decision_right", name)
    _replace("action", "function", "replace(action, '.', '-')")


def _replace(old: str, new: str, value: str) -> None:
    """Put a new column in the place of one: a renamed one would keep the names of its constraints."""
    op.add_column("decision_right", sa.Column(new, sa.Text(), nullable=True))
    op.execute(f"UPDATE decision_right SET {new} = {value}")  # noqa: S608  (only names of ours are put in)
    op.alter_column("decision_right", new, nullable=False)
    op.drop_column("decision_right", old)
    op.create_index(op.f(f"ix_decision_right_body_id_{new}"), "decision_right", ["body_id", new])
