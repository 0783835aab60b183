"""Mergers that are agreed are known, for planned series."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

# What was told before the table was there is in the log alone: the row has the service read it again at its start.
BEHIND = """
INSERT INTO known_agreed_merger (merger, what, successor, predecessors, parts, part_shares, effective_on, stated_at)
SELECT '(migration)', 'agreed', '', '{}', '{}', '{}', current_date, clock_timestamp()
 WHERE EXISTS (SELECT FROM known_organisation)
"""


def upgrade() -> None:
    op.create_table(
        "known_agreed_merger",
        sa.Column("merger", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("successor", sa.Text(), nullable=False),
        sa.Column("predecessors", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("parts", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("part_shares", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("what IN ('agreed', 'redated', 'withdrawn')", name=op.f("ck_known_agreed_merger_what")),
        sa.UniqueConstraint("merger", "what", "effective_on", "stated_at", name="uq_known_agreed_merger_once"),
    )
    op.execute(BEHIND)


def downgrade() -> None:
    op.drop_table("known_agreed_merger")
