"""Table of what the registry publishes of mergers before they take effect: one row an event, folded when read."""

from sqlalchemy import ARRAY, Column, Date, DateTime, Index, Table, Text, UniqueConstraint

from libs.common.messaging.subscriptions import Projection
from services.governance.core.models import Base

known_merger_event = Table(
    "known_merger_event",
    Base.metadata,
    # The application's or the merger's.
    Column("reference", Text, nullable=False),
    # The event's name.
    Column("what", Text, nullable=False),
    # The applicants or the predecessors.
    Column("bodies", ARRAY(Text), nullable=False),
    Column("successor", Text, nullable=False),
    # What else it states, as JSON with sorted keys.
    Column("content", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("reference", "what", "effective_on", "stated_at", "content", name="uq_known_merger_event_once"),
)
Index("ix_known_merger_event_successor", known_merger_event.c.successor)

known_mergers = Projection(
    name="known_mergers",
    tables=("known_merger_event",),
    content="SELECT reference, what, bodies::text, successor, content, effective_on::text, stated_at::text"
    " FROM known_merger_event ORDER BY 1, 2, 6, 7, 5",
    carried_over="SELECT EXISTS (SELECT FROM known_merger_event WHERE what = 'migration')",
)
"""Applications, determinations, and agreed mergers, with their conditions."""
