"""ends with a body are marked"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Until now only a reaction ended anything with its body, and a reaction ended nothing else: who recorded it tells.
MARKED = """
UPDATE {timeline}_statement SET source = 'end of a body' WHERE value IS NULL AND recorded_by = 'service:governance'
"""
UNMARKED = "UPDATE {timeline}_statement SET source = 'governance' WHERE source = 'end of a body'"
TIMELINES = ("body_time", "post_time", "right_time")


def upgrade() -> None:
    for timeline in TIMELINES:
        op.execute(MARKED.format(timeline=timeline))


def downgrade() -> None:
    for timeline in TIMELINES:
        op.execute(UNMARKED.format(timeline=timeline))
