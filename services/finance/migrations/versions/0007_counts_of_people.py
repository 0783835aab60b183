"""counts of people, from the registry"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_count",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("local_authority", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_count")),
        sa.UniqueConstraint(
            "code",
            "basis",
            "local_authority",
            "effective_on",
            "stated_at",
            "source",
            "people",
            name="uq_known_count_stated",
        ),
    )
    # The log has counts that were never kept: the copy is rebuilt when the service starts.
    op.execute(
        "INSERT INTO known_count (code, basis, local_authority, effective_on, people, stated_at, rank, source)"
        " SELECT '(migration)', '', '', '1900-01-01', 0, now(), 0, ''"
        " WHERE EXISTS (SELECT FROM known_organisation)"
    )


def downgrade() -> None:
    op.drop_table("known_count")
