"""A workbook of estates may be stated again after another one: its returns are told apart by their instant.

Revision ID: 0042
Revises: 0041
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0042"
down_revision: str | None = "0041"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the instant to the key."""
    op.drop_constraint("pk_estate_return", "estate_return", type_="primary")
    op.create_primary_key("pk_estate_return", "estate_return", ["workbook_id", "organisation", "stated_at"])


def downgrade() -> None:
    """Keep the first statement of each workbook alone."""
    op.execute(
        "DELETE FROM estate_return r USING estate_workbook w WHERE w.id = r.workbook_id AND r.stated_at > w.stated_at"
    )
    op.drop_constraint("pk_estate_return", "estate_return", type_="primary")
    op.create_primary_key("pk_estate_return", "estate_return", ["workbook_id", "organisation"])
