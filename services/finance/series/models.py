"""Tables of series: what is known of mergers that are agreed for a day to come."""

from sqlalchemy import ARRAY, CheckConstraint, Column, Date, DateTime, Table, Text, UniqueConstraint

from libs.common.messaging.subscriptions import Projection
from services.finance.core.models import Base

MIGRATED = "(migration)"
"""The row of a migration that found organisations known already: the copy is then rebuilt at the start."""

known_agreed_merger = Table(
    "known_agreed_merger",
    Base.metadata,
    Column("merger", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("successor", Text, nullable=False),
    Column("predecessors", ARRAY(Text), nullable=False),
    # Bodies that continue, of which a part passes to the successor, and the shares, in one order.
    Column("parts", ARRAY(Text), nullable=False),
    Column("part_shares", ARRAY(Text), nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("what IN ('agreed', 'redated', 'withdrawn')", name="what"),
    UniqueConstraint("merger", "what", "effective_on", "stated_at", name="uq_known_agreed_merger_once"),
)
"""What the registry published of mergers before they take effect, one row an event."""

known_agreed_mergers = Projection(
    name="known_agreed_mergers",
    tables=("known_agreed_merger",),
    content="""
SELECT merger, what, successor, predecessors::text, parts::text, part_shares::text, effective_on::text, stated_at::text
  FROM known_agreed_merger ORDER BY merger, stated_at, what, effective_on
""",
    carried_over=f"SELECT EXISTS (SELECT FROM known_agreed_merger WHERE merger = '{MIGRATED}')",  # noqa: S608  (a name from the code)
)
