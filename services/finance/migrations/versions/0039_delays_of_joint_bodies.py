"""A delay of a joint body is known of each of its organisations: those left out come from the log at the next start."""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_ONCE = ("proposal", "body", "what", "first_day", "until", "counts", "by", "stated_at")


def upgrade() -> None:
    op.drop_constraint("uq_known_delay_once", "known_delay", type_="unique")
    op.create_unique_constraint(
        "uq_known_delay_once",
        "known_delay",
        ["proposal", "body", "organisation", *_ONCE[2:]],
        postgresql_nulls_not_distinct=True,
    )
    op.execute(
        "INSERT INTO unfilled_projection (name) SELECT 'known_delays'"
        " WHERE EXISTS (SELECT FROM consumer_offset WHERE source_position > 0) ON CONFLICT DO NOTHING"
    )


def downgrade() -> None:
    op.drop_constraint("uq_known_delay_once", "known_delay", type_="unique")
    op.execute(
        "DELETE FROM known_delay a USING known_delay b WHERE a.ctid > b.ctid"
        f" AND ({', '.join(f'a.{name}' for name in _ONCE)})"  # noqa: S608  (names from above)
        f" IS NOT DISTINCT FROM ({', '.join(f'b.{name}' for name in _ONCE)})"
    )
    op.create_unique_constraint("uq_known_delay_once", "known_delay", list(_ONCE), postgresql_nulls_not_distinct=True)
