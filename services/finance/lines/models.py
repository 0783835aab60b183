"""Tables of lines and their entries, and what is known of transfers of staff that wait."""

from collections.abc import Collection

import asyncpg
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from libs.common.messaging.subscriptions import Projection
from services.finance.core.models import Base, known

_NOW = text("clock_timestamp()")

WHAT_A_LINE_IS = ("account", "function", "service", "locality", "care_model", "pay", "recurrent", "admin", "transition")
"""What tells the lines of one budget from each other."""

budget_line = Table(
    "budget_line",
    Base.metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("organisation_code", Text, nullable=False),
    Column("financial_year", Integer, nullable=False),
    Column("account", Text, nullable=False),
    Column("function", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("locality", Text, nullable=False),
    Column("care_model", Text, nullable=False),
    Column("pay", Boolean, nullable=False),
    Column("recurrent", Boolean, nullable=False),
    Column("admin", Boolean, nullable=False),
    Column("transition", Boolean, nullable=False),
    UniqueConstraint("organisation_code", "financial_year", *WHAT_A_LINE_IS, name="uq_budget_line_once"),
)
"""A line of the budget of a body for the year that begins in `financial_year`; never changed."""

budget_entry = Table(
    "budget_entry",
    Base.metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("line_id", Integer, ForeignKey("budget_line.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    Column("amount_pence", BigInteger, nullable=False),
    # What the entry is worth in a whole year: the amount of the year after.
    Column("annual_pence", BigInteger, nullable=False),
    # The line that has the other half, of a virement or of a restatement.
    Column("other_line_id", Integer, ForeignKey("budget_line.id")),
    Column("virement", Text, nullable=False, server_default=""),
    Column("authority", Text, nullable=False, server_default=""),
    Column("initiative", Text, nullable=False, server_default=""),
    Column("decision", Text, nullable=False, server_default=""),
    # The reduction that a restoration takes back.
    Column("reverses", BigInteger, ForeignKey("budget_entry.id")),
    # The entry that this one takes back, because the decision that it names was reversed.
    Column("undoes", BigInteger, ForeignKey("budget_entry.id")),
    # Of what follows from a succession: the entry that it moves, which succession as believed since when, by what.
    Column("source_id", BigInteger, ForeignKey("budget_entry.id", ondelete="CASCADE")),
    Column("succession", Text),
    Column("believed_from", DateTime(timezone=True)),
    Column("cause", Text),
    Column("released", Boolean),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("recorded_by", Text, nullable=False),
    CheckConstraint(
        "kind IN ('set', 'moved', 'reduced', 'restored', 'restated', 'suspended', 'resumed', 'undone')", name="kind"
    ),
    CheckConstraint("(source_id IS NULL) = (succession IS NULL)", name="follows"),
    UniqueConstraint("source_id", "cause", "line_id", "other_line_id", name="uq_budget_entry_follows_once"),
)
"""What a line rose or fell by from a day on: immutable, but for what follows from a succession that was never so."""
Index(None, budget_entry.c.succession, budget_entry.c.id, postgresql_where=text("succession IS NOT NULL"))
Index(None, budget_entry.c.virement, postgresql_where=text("virement <> ''"))
Index(None, budget_entry.c.reverses, postgresql_where=text("reverses IS NOT NULL"))

Index(None, budget_entry.c.undoes, unique=True, postgresql_where=text("undoes IS NOT NULL"))
Index(None, budget_entry.c.decision, postgresql_where=text("decision <> ''"))

known_scheme_pause = Table(
    "known_scheme_pause",
    Base.metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("merger", Text, nullable=False, index=True),
    Column("scheme", Text, nullable=False),
    Column("successor", Text, nullable=False),
    Column("predecessors", ARRAY(Text), nullable=False),
    Column("suspended", Boolean, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("merger", "scheme", "suspended", "effective_on", "stated_at"),
)
"""What the registry published of transfer schemes of staff that wait, or continue, one row an event."""

known_scheme_pauses = Projection(
    name="known_scheme_pauses",
    tables=("known_scheme_pause",),
    content="""
SELECT merger, scheme, successor, predecessors::text, suspended::text, effective_on::text, stated_at::text
  FROM known_scheme_pause ORDER BY merger, scheme, effective_on, stated_at, suspended
""",
)

_WITH_BUDGETS = "SELECT DISTINCT organisation_code FROM budget_line WHERE organisation_code = ANY($1)"


async def bodies_with_budgets(connection: asyncpg.Connection, codes: Collection[str]) -> set[str]:
    """Lock the known organisations of these codes; return those with a budget."""
    await known.lock(connection, codes)
    return {row["organisation_code"] for row in await connection.fetch(_WITH_BUDGETS, sorted(codes))}
