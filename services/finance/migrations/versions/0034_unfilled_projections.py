"""Projections that began after events had been consumed are listed, and filled from the logs at the next start."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_BEGUN_LATE = (
    "known_buy_outs",
    "known_care_models",
    "known_delays",
    "known_payments",
    "known_plans",
    "known_pools",
    "known_proposals",
    "known_rights",
    "known_scheme_pauses",
    "known_shares",
    "known_terminations",
)


def upgrade() -> None:
    op.create_table(
        "unfilled_projection",
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_unfilled_projection")),
    )
    names = ", ".join(f"('{name}')" for name in _BEGUN_LATE)
    op.execute(
        f"INSERT INTO unfilled_projection (name) SELECT name FROM (VALUES {names}) AS late (name)"  # noqa: S608  (names from above)
        " WHERE EXISTS (SELECT FROM consumer_offset WHERE source_position > 0)"
    )


def downgrade() -> None:
    op.drop_table("unfilled_projection")
