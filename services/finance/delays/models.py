"""Tables of delays: what governance published of proposals, one row an event, and the prices that were published."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Identity, Index, Table, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.messaging.subscriptions import Projection
from services.finance.core.models import Base

known_delay = Table(
    "known_delay",
    Base.metadata,
    Column("proposal", Text, nullable=False),
    # Empty where all bodies of the proposal are meant: it was withdrawn.
    Column("body", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("first_day", Date, nullable=False),
    Column("until", Date),
    Column("counts", Boolean, nullable=False),
    Column("by", Text, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint(
        *("proposal", "body", "organisation", "what", "first_day", "until", "counts", "by", "stated_at"),
        name="uq_known_delay_once",
        postgresql_nulls_not_distinct=True,
    ),
)
"""`what` is `awaited`, `deferred`, `taken`, `reversed`, `withdrawn`, `obstructed` or `freed`; `first_day` is its day.

A joint body is asked once for each of its organisations. `counts`: a deferral is lawful. `by` is the decision, or
the kind of obstruction.
"""
Index(None, known_delay.c.organisation)

known_delays = Projection(
    name="known_delays",
    tables=("known_delay",),
    content="SELECT proposal, body, organisation, what, first_day::text, coalesce(until::text, ''), counts::text, by,"
    " stated_at::text FROM known_delay ORDER BY 1, 2, 3, 4, 5, 6, 8, 9",
)
"""The clocks of proposals, as governance stated them."""


class PricedDelay(Base):
    """What was published of a delay: the months and what they cost; the row stated last counts."""

    __tablename__ = "priced_delay"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    proposal: Mapped[str] = mapped_column(Text, index=True)
    body: Mapped[str] = mapped_column(Text)
    months: Mapped[int]
    monthly_pence: Mapped[int] = mapped_column(BigInteger)
    to_date_pence: Mapped[int] = mapped_column(BigInteger)
    effective_on: Mapped[date]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    digest: Mapped[str] = mapped_column(Text, server_default=text("''"), index=True)
    content: Mapped[str] = mapped_column(Text, server_default=text("''"))
    """The answer as it was published; empty where that was not kept yet."""
