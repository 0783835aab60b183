"""schemes of mergers and mergers that are agreed are known"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_scheme_statement",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("merger", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("sort", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("predecessors", ARRAY(sa.Text()), nullable=False),
        sa.Column("nil_return", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "what IN ('made', 'named', 'suspended', 'resumed')", name=op.f("ck_known_scheme_statement_what")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_scheme_statement")),
        sa.UniqueConstraint(
            "merger",
            "scheme",
            "sort",
            "what",
            "predecessors",
            "effective_on",
            "stated_at",
            name="uq_known_scheme_statement_published",
        ),
    )
    op.create_index(
        op.f("ix_known_scheme_statement_predecessors"),
        "known_scheme_statement",
        ["predecessors"],
        postgresql_using="gin",
    )
    op.create_table(
        "known_merger_statement",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("merger", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("successor", sa.Text(), nullable=False),
        sa.Column("successor_name", sa.Text(), nullable=False),
        sa.Column("predecessors", ARRAY(sa.Text()), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "what IN ('agreed', 'redated', 'withdrawn', 'carried_over')", name=op.f("ck_known_merger_statement_what")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_merger_statement")),
        sa.UniqueConstraint(
            "merger",
            "what",
            "effective_on",
            "stated_at",
            name="uq_known_merger_statement_published",
        ),
    )
    op.create_index(
        op.f("ix_known_merger_statement_predecessors"),
        "known_merger_statement",
        ["predecessors"],
        postgresql_using="gin",
    )
    op.add_column(
        "change_of_hands", sa.Column("schemes", ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False)
    )
    # Where events were consumed before, the service reads those of mergers from the log at its next start.
    op.execute(
        "INSERT INTO known_merger_statement"
        "       (merger, what, successor, successor_name, predecessors, effective_on, stated_at)"
        " SELECT '', 'carried_over', '', '', '{}', '1948-07-05', '1948-07-05T00:00:00Z'"
        "  WHERE EXISTS (SELECT FROM consumer_offset)"
    )


def downgrade() -> None:
    op.drop_column("change_of_hands", "schemes")
    op.drop_table("known_merger_statement")
    op.drop_table("known_scheme_statement")
