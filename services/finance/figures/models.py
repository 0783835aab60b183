"""The table of figures: which events of other publishers came, by their ids and places in their logs."""

from sqlalchemy import ARRAY, BigInteger, Column, DateTime, Index, Table, Text

from libs.common.messaging.subscriptions import Projection
from services.finance.core.models import Base

heard_event = Table(
    "heard_event",
    Base.metadata,
    Column("source", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("event_id", Text, nullable=False, index=True),
    Column("type", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("keys", ARRAY(Text), nullable=False),
    # Who may read it; null: everybody.
    Column("readers", ARRAY(Text)),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("correlation", Text, nullable=False, server_default=""),
)
"""Events that figures may follow from, one row an event; their content stays in their publishers' logs."""
Index(None, heard_event.c["keys"], postgresql_using="gin")

heard_events = Projection(
    name="heard_events",
    tables=("heard_event",),
    content="SELECT source, position::text, event_id, type, keys::text, readers::text, stated_at::text"
    " FROM heard_event ORDER BY source, position",
    # A service that has heard events before it kept their places reads them again at its start.
    carried_over="SELECT EXISTS (SELECT FROM consumer_offset WHERE source_position > 0)"
    " AND NOT EXISTS (SELECT FROM heard_event)",
)
