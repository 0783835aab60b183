"""Tables of finance: stated populations, allowances and restatements in both times, copies of others' data."""

from collections.abc import Collection
from datetime import date, datetime

import asyncpg
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
    func,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

from libs.common.database.connection import service_metadata
from libs.common.messaging.subscriptions import Projection
from libs.organisations.projection import KnownOrganisations

_NOW = text("clock_timestamp()")
# A range of one integer compares with && where the extension for = is not available.
_ONE_ALLOWANCE = func.int4range(text("allowance_id"), text("allowance_id"), text("'[]'"))


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True, eq=False):
    """Every table of finance."""

    metadata = service_metadata()


known = KnownOrganisations(Base.metadata)


class Allowance(Base):
    """The allowance of one organisation in one financial year; its statements and parts have the amounts.

    `financial_year` is the calendar year in which it begins. `version` counts the populations stated for it: 0 where
    all of it came from others.
    """

    __tablename__ = "allowance"
    __table_args__ = (UniqueConstraint("organisation_code", "financial_year"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    organisation_code: Mapped[str] = mapped_column(Text)
    financial_year: Mapped[int]
    version: Mapped[int] = mapped_column(default=0)


class StatedPopulation(Base):
    """A population that was stated for an allowance, and the statutory allowance that it gives.

    `known` begins when it was stated and ends when the next one was. `first_day` is the first day of the year on which
    the organisation was open; `amount_pence` is for the days from then on.
    """

    __tablename__ = "stated_population"
    __table_args__ = (
        ExcludeConstraint(
            (_ONE_ALLOWANCE, "&&"), (text("known"), "&&"), using="gist", name="ex_stated_population_one_known"
        ),
        CheckConstraint("population > 0 AND rate_pence > 0 AND amount_pence >= 0", name="amounts"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    allowance_id: Mapped[int] = mapped_column(ForeignKey("allowance.id"), index=True)
    population: Mapped[int]
    source: Mapped[str] = mapped_column(Text)
    first_day: Mapped[date] = mapped_column(Date)
    rate_pence: Mapped[int]
    rate_found: Mapped[bool]
    pack: Mapped[str] = mapped_column(Text)
    amount_pence: Mapped[int] = mapped_column(BigInteger)
    known: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW, init=False)
    recorded_by: Mapped[str] = mapped_column(Text)
    event: Mapped[str | None] = mapped_column(Text, default=None)
    """Id of the AllowanceSet event."""

    @property
    def since(self) -> datetime:
        """When it was stated."""
        assert self.known.lower is not None
        return self.known.lower


_WITH_ALLOWANCE = "SELECT organisation_code FROM allowance WHERE organisation_code = ANY($1)"


async def bodies_with_allowances(connection: asyncpg.Connection, codes: Collection[str]) -> set[str]:
    """Lock the known organisations of these codes; return those with an allowance."""
    await known.lock(connection, codes)
    return {row["organisation_code"] for row in await connection.fetch(_WITH_ALLOWANCE, sorted(codes))}


allowance_part = Table(
    "allowance_part",
    Base.metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("allowance_id", Integer, ForeignKey("allowance.id"), nullable=False, index=True),
    Column("valid", DATERANGE, nullable=False),
    Column("known", TSTZRANGE, nullable=False),
    Column("amount_pence", BigInteger, nullable=False),
    Column("population", BigInteger, nullable=False),
    Column("pack", Text, nullable=False),
    Column("merger", Text),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    CheckConstraint("amount_pence >= 0", name="amount"),
    ExcludeConstraint(
        (_ONE_ALLOWANCE, "&&"),
        (text("valid"), "&&"),
        (text("known"), "&&"),
        using="gist",
        name="ex_allowance_part_one_amount",
    ),
)
"""The part of each body, by days, after mergers: `merger` is the one that moved it, null for one as set."""

restatement = Table(
    "restatement",
    Base.metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("allowance_id", Integer, ForeignKey("allowance.id"), nullable=False, index=True),
    Column("merger", Text, nullable=False),
    Column("valid", DATERANGE, nullable=False),
    Column("known", TSTZRANGE, nullable=False),
    Column("amount_pence", BigInteger, nullable=False),
    Column("population", BigInteger, nullable=False),
    Column("pack", Text, nullable=False),
    Column("predecessors", ARRAY(Text), nullable=False),
    Column("released_pence", ARRAY(BigInteger), nullable=False),
    # Ids of the AllowanceRestated event, and of the event or request that caused it.
    Column("event", Text, nullable=False),
    Column("caused_by", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
)
"""The amount that each merger moved to a successor's allowance, and that each predecessor released."""
Index(
    "ix_restatement_current",
    restatement.c.allowance_id,
    restatement.c.merger,
    unique=True,
    postgresql_where=text("upper_inf(known)"),
)
Index(None, restatement.c.predecessors, postgresql_using="gin")

known_contract = Table(
    "known_contract",
    Base.metadata,
    # In the order of contracts' log, which decides the order of two changes of one day.
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("contract", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    Column("title", Text, nullable=False),
    Column("supplier", Text, nullable=False),
    Column("customers", ARRAY(Text), nullable=False),
    Column("annual_pence", BigInteger, nullable=False),
    Column("last_day", Date),
    Column("shares", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    # Each function's tier of the tariff, as `hr=cluster`; empty: not known.
    Column("tiers", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    CheckConstraint("what IN ('signed', 'varied', 'transferred', 'ended')", name="what"),
    CheckConstraint("cardinality(shares) IN (0, cardinality(customers))", name="a_share_a_customer"),
)
"""The events about each support contract, one row an event; `shares` are in the order of `customers`."""
Index(None, known_contract.c.customers, postgresql_using="gin")
# Customers and shares of a national contract are longer than an index takes.
Index(
    "uq_known_contract_once",
    *(known_contract.c[name] for name in ("contract", "what", "effective_on", "stated_at")),
    func.hash_array_extended(known_contract.c.customers, text("0")),
    known_contract.c.annual_pence,
    known_contract.c.last_day,
    func.hash_array_extended(known_contract.c.shares, text("0")),
    unique=True,
    postgresql_nulls_not_distinct=True,
)

known_contracts = Projection(
    name="known_contracts",
    tables=("known_contract",),
    content="""
SELECT contract, what, effective_on::text, stated_at::text, title, supplier, customers::text, annual_pence::text,
       coalesce(last_day::text, ''), shares::text, tiers::text
  FROM known_contract ORDER BY contract, effective_on, id
""",
)
