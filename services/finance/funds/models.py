"""Tables of funds: lines, what was allocated to them, what was drawn and taken back; no row is ever changed."""

from datetime import date, datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
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
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.messaging.subscriptions import Projection
from services.finance.core.models import Base

_NOW = text("clock_timestamp()")


class Fund(Base):
    """Money that one organisation holds."""

    __tablename__ = "fund"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    holder_code: Mapped[str] = mapped_column(Text, index=True)
    title: Mapped[str] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)


class FundLine(Base):
    """What one organisation has of a fund for a purpose in the year that begins in `financial_year`."""

    __tablename__ = "fund_line"
    __table_args__ = (UniqueConstraint("fund_id", "name"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    name: Mapped[str] = mapped_column(Text)
    organisation_code: Mapped[str] = mapped_column(Text, index=True)
    financial_year: Mapped[int]
    purpose: Mapped[str] = mapped_column(Text)
    recurrent: Mapped[bool]
    carries_over: Mapped[bool]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)


fund_scheme = Table(
    "fund_scheme",
    Base.metadata,
    Column("organisation_code", Text, primary_key=True),
    Column("scheme", Text, primary_key=True),
    Column("fund_line_id", Integer, ForeignKey("fund_line.id"), nullable=False, index=True),
    Column("stated_at", DateTime(timezone=True), nullable=False),
)
"""The schemes that ask for a line's money: each of an organisation's stands under one line."""

fund_allocation = Table(
    "fund_allocation",
    Base.metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("fund_line_id", Integer, ForeignKey("fund_line.id"), nullable=False, index=True),
    Column("amount_pence", BigInteger, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    Column("event", Text, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    CheckConstraint("amount_pence > 0", name="amount"),
)


class FundDraw(Base):
    """What an organisation drew of a line; `budget_lines` and `budget_pence` are the savings attached, in one order."""

    __tablename__ = "fund_draw"
    __table_args__ = (
        CheckConstraint("amount_pence > 0 AND recurrent_cost_pence >= 0", name="amounts"),
        CheckConstraint("cardinality(budget_lines) = cardinality(budget_pence)", name="a_saving_a_line"),
        Index(None, "budget_lines", postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    fund_line_id: Mapped[int] = mapped_column(ForeignKey("fund_line.id"), index=True)
    case_reference: Mapped[str] = mapped_column(Text, index=True)
    case_version: Mapped[int]
    amount_pence: Mapped[int] = mapped_column(BigInteger)
    drawn_on: Mapped[date]
    recurrent_cost_pence: Mapped[int] = mapped_column(BigInteger)
    budget_lines: Mapped[list[str]] = mapped_column(ARRAY(Text))
    budget_pence: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    decision: Mapped[str] = mapped_column(Text, index=True)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    event: Mapped[str] = mapped_column(Text, default="")


class FundDrawReversal(Base):
    """The entry that takes a draw back, once: `caused_by` is the event or request that it follows from."""

    __tablename__ = "fund_draw_reversal"

    draw_id: Mapped[int] = mapped_column(ForeignKey("fund_draw.id"), primary_key=True)
    reversed_on: Mapped[date]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    caused_by: Mapped[str] = mapped_column(Text)
    event: Mapped[str] = mapped_column(Text, default="")


known_pool = Table(
    "known_pool",
    Base.metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("fund", Text, nullable=False),
    Column("instrument", Text, nullable=False),
    Column("members", ARRAY(Text), nullable=False),
    Column("shares", ARRAY(Text), nullable=False),
    Column("host", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint(
        *("fund", "stated_at", "effective_on", "instrument", "members", "shares", "host", "ends_on"),
        name="uq_known_pool_once",
        postgresql_nulls_not_distinct=True,
    ),
)
"""The agreements that pool a fund, one row an event; of those that hold on a day the one stated last counts."""
Index(None, known_pool.c.members, postgresql_using="gin")

known_pools = Projection(
    name="known_pools",
    tables=("known_pool",),
    content="""
SELECT fund, instrument, members::text, shares::text, host, effective_on::text, ends_on::text, stated_at::text
  FROM known_pool
 ORDER BY 1, 2, 8, 6, 3, 4, 5, 7
""",
)
