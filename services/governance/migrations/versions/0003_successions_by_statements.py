"""successions by statements"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSTZRANGE

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# The old table has no rank, shape, share or source, and forgot that a succession was undone when it was stated again.
# What it has is carried over as recorded by the migration; the service then rebuilds the projection when it starts.
STATED = """
INSERT INTO known_succession_statement
       (code, successor, effective_on, holds, shape, share, merger, stated_at, rank, source, recorded_by)
SELECT code, successor, effective_on, true, CASE WHEN merger IS NULL THEN '' ELSE 'merger' END,
       CASE WHEN merger IS NULL THEN '' ELSE '1' END, coalesce(merger, ''), stated_at, 0, 'command', 'migration'
  FROM known_succession_before
"""
UNDONE = """
INSERT INTO known_succession_statement
       (code, successor, effective_on, holds, shape, share, merger, stated_at, rank, source, recorded_by)
SELECT code, successor, effective_on, false, '', '', '', undone_at, 0, 'command', 'migration'
  FROM known_succession_before WHERE undone_at IS NOT NULL
"""
BELIEVED = """
INSERT INTO known_succession (code, successor, effective_on, shape, share, merger, source, known)
SELECT s.code, s.successor, s.effective_on, s.shape, s.share, s.merger, s.source, tstzrange(s.stated_at, b.undone_at)
  FROM known_succession_statement s JOIN known_succession_before b USING (code, successor, effective_on)
 WHERE s.holds AND (b.undone_at IS NULL OR b.undone_at > s.stated_at)
"""
KEPT = """
INSERT INTO known_succession (code, successor, effective_on, stated_at, merger, undone_at)
SELECT code, successor, effective_on, min(lower(known)), nullif(max(merger), ''),
       CASE WHEN NOT bool_or(upper_inf(known)) THEN max(upper(known)) END
  FROM known_succession_after GROUP BY code, successor, effective_on
"""


def upgrade() -> None:
    op.execute("CREATE TABLE known_succession_before AS SELECT * FROM known_succession")
    op.drop_table("known_succession")
    op.create_table(
        "known_succession",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("successor", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("share", sa.Text(), nullable=False),
        sa.Column("merger", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("known", TSTZRANGE(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_succession")),
    )
    op.create_index(op.f("ix_known_succession_successor"), "known_succession", ["successor"], unique=False)
    op.create_index(
        "uq_known_succession",
        "known_succession",
        ["code", "successor", "effective_on", sa.literal_column("lower(known)")],
        unique=True,
    )
    op.create_table(
        "known_succession_statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("successor", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("share", sa.Text(), nullable=False),
        sa.Column("merger", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_succession_statement")),
        sa.UniqueConstraint(
            "code",
            "successor",
            "effective_on",
            "stated_at",
            "source",
            "holds",
            "shape",
            "share",
            "merger",
            name="uq_known_succession_statement",
        ),
    )
    op.execute(STATED)
    op.execute(UNDONE)
    op.execute(BELIEVED)
    op.drop_table("known_succession_before")


def downgrade() -> None:
    op.execute("CREATE TABLE known_succession_after AS SELECT * FROM known_succession")
    op.drop_table("known_succession")
    op.drop_table("known_succession_statement")
    op.create_table(
        "known_succession",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("successor", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merger", sa.Text(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("code", "successor", "effective_on", name=op.f("pk_known_succession")),
    )
    op.create_index(op.f("ix_known_succession_successor"), "known_succession", ["successor"], unique=False)
    op.execute(KEPT)
    op.drop_table("known_succession_after")
