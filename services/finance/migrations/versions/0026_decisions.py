"""Decisions are known, and entries of budgets say which one they take back."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_decision",
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("binds", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index(
        "uq_known_decision_once",
        "known_decision",
        ["decision", "stated_at", "outcome", "effective_on", sa.literal_column("hash_array_extended(binds, 0)")],
        unique=True,
    )
    op.add_column("budget_entry", sa.Column("undoes", sa.BigInteger(), nullable=True))
    op.create_index(
        op.f("ix_budget_entry_decision"), "budget_entry", ["decision"], postgresql_where=sa.text("decision <> ''")
    )
    op.create_index(
        op.f("ix_budget_entry_undoes"),
        "budget_entry",
        ["undoes"],
        unique=True,
        postgresql_where=sa.text("undoes IS NOT NULL"),
    )
    op.create_foreign_key(op.f("fk_budget_entry_undoes"), "budget_entry", "budget_entry", ["undoes"], ["id"])


def downgrade() -> None:
    op.drop_constraint(op.f("fk_budget_entry_undoes"), "budget_entry", type_="foreignkey")
    op.drop_index(op.f("ix_budget_entry_undoes"), table_name="budget_entry")
    op.drop_index(op.f("ix_budget_entry_decision"), table_name="budget_entry")
    op.drop_column("budget_entry", "undoes")
    op.drop_index("uq_known_decision_once", table_name="known_decision")
    op.drop_table("known_decision")
