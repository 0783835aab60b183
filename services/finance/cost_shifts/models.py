"""Tables of cost shifts: what suppliers cost and charge, the triggers that customers state, what was published."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.messaging.subscriptions import Projection
from libs.common.temporal.timeline import Timeline
from services.finance.core.models import Base

ONE_FACET = 1

known_supplier_price = Table(
    "known_supplier_price",
    Base.metadata,
    Column("supplier", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    Column("customers", ARRAY(Text), nullable=False),
    Column("fixed_pence", BigInteger, nullable=False),
    Column("per_head_pence", BigInteger, nullable=False),
    Column("heads", BigInteger, nullable=False),
    Column("price_per_head_pence", BigInteger, nullable=False),
    Column("basis", Text, nullable=False),
)
"""What a supplier costs and charges from a day on, one row an event; of one day what was stated later counts."""
Index(None, known_supplier_price.c.customers, postgresql_using="gin")
# Hundreds of customers are longer than an index takes.
Index(
    "uq_known_supplier_price_once",
    *(known_supplier_price.c[name] for name in ("supplier", "effective_on", "stated_at")),
    func.hash_array_extended(known_supplier_price.c.customers, text("0")),
    *(known_supplier_price.c[name] for name in ("fixed_pence", "per_head_pence", "heads")),
    *(known_supplier_price.c[name] for name in ("price_per_head_pence", "basis")),
    unique=True,
)

MIGRATED = "(migration)"
"""The row of a migration that found organisations known already: the copy is then rebuilt at the start."""

known_supplier_prices = Projection(
    name="known_supplier_prices",
    tables=("known_supplier_price",),
    content="""
SELECT supplier, effective_on::text, stated_at::text, customers::text, fixed_pence::text, per_head_pence::text,
       heads::text, price_per_head_pence::text, basis
  FROM known_supplier_price ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9
""",
    carried_over=f"SELECT EXISTS (SELECT FROM known_supplier_price WHERE supplier = '{MIGRATED}')",  # noqa: S608  (a name from the code)
)


class ExitTrigger(Base):
    """The price a head above which an organisation would leave a supplier; `exit_trigger_belief` has it by day."""

    __tablename__ = "exit_trigger"
    __table_args__ = (UniqueConstraint("organisation", "supplier"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    organisation: Mapped[str] = mapped_column(Text)
    supplier: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=0)


triggers = Timeline(Base.metadata, "exit_trigger")
"""Subject: an exit trigger. Its price a head in pence, as text; no value: it has none."""

published_cost_shift = Table(
    "published_cost_shift",
    Base.metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("supplier", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("content", Text, nullable=False),
    Column("digest", Text, nullable=False, server_default=text("''"), index=True),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    Column("event", Text, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    UniqueConstraint("supplier", "version"),
)
"""Shifts of cost that were published, numbered by supplier, as they were computed."""
