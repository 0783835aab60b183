"""Tables of decisions, as governance published them: one row an event."""

from sqlalchemy import ARRAY, Column, Date, DateTime, Index, Table, Text, UniqueConstraint, func, text

from libs.common.messaging.subscriptions import Projection
from services.finance.core.models import Base

known_decision = Table(
    "known_decision",
    Base.metadata,
    Column("decision", Text, nullable=False),
    # The organisations that it binds, the deciding body's own among them.
    Column("binds", ARRAY(Text), nullable=False),
    Column("outcome", Text, nullable=False),
    # What was decided on, and what; null until an event of before these columns is read again.
    Column("subject", Text),
    Column("action", Text),
    Column("effective_on", Date, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
)
"""The decisions that were taken; of the rows of one decision the one stated last counts."""
Index(None, known_decision.c.subject)
# A decision may bind more bodies than an index takes.
Index(
    "uq_known_decision_once",
    *(known_decision.c[name] for name in ("decision", "stated_at", "outcome", "effective_on")),
    func.hash_array_extended(known_decision.c.binds, text("0")),
    unique=True,
)

known_reversed_decision = Table(
    "known_reversed_decision",
    Base.metadata,
    Column("decision", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("decision", "effective_on", "stated_at"),
)
"""The decisions that no longer stand."""

known_decisions = Projection(
    name="known_decisions",
    tables=("known_decision", "known_reversed_decision"),
    content="""
SELECT decision, 'taken' AS what, binds::text, outcome, effective_on::text, stated_at::text, subject, action
  FROM known_decision
 UNION ALL
SELECT decision, 'reversed', '', '', effective_on::text, stated_at::text, '', ''
  FROM known_reversed_decision
 ORDER BY 1, 2, 6, 4, 5, 3
""",
    # Decisions were heard before this table, or its subjects, were there: as stops of the clocks of delays.
    carried_over="""
SELECT EXISTS (SELECT FROM known_delay d
                WHERE d.what = 'taken' AND NOT EXISTS (SELECT FROM known_decision k WHERE k.decision = d.by))
    OR EXISTS (SELECT FROM known_decision WHERE subject IS NULL)
""",
)
"""What governance decided."""
