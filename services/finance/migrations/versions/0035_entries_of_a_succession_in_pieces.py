"""Entries that follow from a succession are read in the order in which they were posted, some at a time."""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX IF NOT EXISTS ix_budget_entry_succession_id ON budget_entry (succession, id)"
        " WHERE succession IS NOT NULL"
    )
    op.execute("DROP INDEX ix_budget_entry_succession")


def downgrade() -> None:
    op.execute("CREATE INDEX ix_budget_entry_succession ON budget_entry (succession) WHERE succession IS NOT NULL")
    op.execute("DROP INDEX ix_budget_entry_succession_id")
