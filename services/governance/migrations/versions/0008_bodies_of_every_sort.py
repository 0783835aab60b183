"""An organisation has further bodies: committees and panels within the one that leads it.

Revision ID: 0008
Revises: 0007
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Let bodies stand within others; all that stand now lead their organisation."""
    op.add_column("body", sa.Column("kind", sa.Text(), server_default=sa.text("'governing_body'"), nullable=False))
    op.add_column("body", sa.Column("within_id", sa.Integer(), nullable=True))
    op.create_foreign_key(op.f("fk_body_within_id"), "body", "body", ["within_id"], ["id"])
    op.drop_constraint(op.f("uq_body_organisation"), "body", type_="unique")
    op.create_index(op.f("ix_body_organisation"), "body", ["organisation"])
    op.create_index(op.f("ix_body_within_id"), "body", ["within_id"])
    op.create_index(
        "uq_body_leading", "body", ["organisation"], unique=True, postgresql_where=sa.text("within_id IS NULL")
    )


def downgrade() -> None:
    """Go back to one body an organisation; refused by the database where there are more."""
    op.drop_index("uq_body_leading", table_name="body")
    op.drop_index(op.f("ix_body_within_id"), table_name="body")
    op.drop_index(op.f("ix_body_organisation"), table_name="body")
    op.create_unique_constraint(op.f("uq_body_organisation"), "body", ["organisation"])
    op.drop_constraint(op.f("fk_body_within_id"), "body", type_="foreignkey")
    op.drop_column("body", "within_id")
    op.drop_column("body", "kind")
