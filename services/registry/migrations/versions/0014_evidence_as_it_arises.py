"""Where sources disagree, and what is odd in them, is stored as it arises."""

import asyncpg
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.registry.evidence import anomalies, conflicts

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables, and fill them from all statements."""
    op.create_table(
        "disagreement",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("facet", sa.SmallInteger(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=True),
        sa.Column("days", postgresql.DATEMULTIRANGE(), nullable=False),
        sa.Column("differs", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("code", "facet", name=op.f("pk_disagreement")),
    )
    op.create_index("ix_disagreement_order", "disagreement", ["subject_id", "facet"], unique=True)
    op.create_table(
        "finding",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("sort", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("other", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
    )
    first = sa.text("coalesce(first_day, '-infinity'::date)")
    op.create_index("ix_finding_order", "finding", ["sort", "code", "other", "source", first])
    op.create_index("ix_finding_code", "finding", ["code"])
    op.create_index("ix_finding_other", "finding", ["other"], postgresql_where=sa.text("other <> ''"))
    # The rules are queries and functions of today. A later migration that changes these tables takes this line out.
    op.get_bind().connection.run_async(_fill)


async def _fill(connection: asyncpg.Connection) -> None:
    await conflicts.store_all(connection)
    await anomalies.store_all(connection)


def downgrade() -> None:
    """Drop the tables: all of it follows from the statements."""
    op.drop_table("finding")
    op.drop_table("disagreement")
