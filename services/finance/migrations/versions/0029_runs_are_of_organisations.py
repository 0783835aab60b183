"""Runs name the organisations whose they are, so that many of one keep no other waiting."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run", sa.Column("organisations", sa.ARRAY(sa.Text()), nullable=True))
    op.execute("UPDATE run SET organisations = p.organisations FROM portfolio p WHERE p.reference = run.subject")
    op.execute("UPDATE run SET organisations = '{}' WHERE organisations IS NULL")
    op.alter_column("run", "organisations", nullable=False)
    op.create_index(op.f("ix_run_organisations"), "run", ["organisations"], postgresql_using="gin")


def downgrade() -> None:
    op.drop_index(op.f("ix_run_organisations"), table_name="run", postgresql_using="gin")
    op.drop_column("run", "organisations")
