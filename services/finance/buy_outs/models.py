"""Tables of buy-outs: the terms as contracts published them, and the savings that customers state; no row changes."""

from datetime import datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.messaging.subscriptions import Projection
from services.finance.core.models import Base

known_buy_out = Table(
    "known_buy_out",
    Base.metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("contract", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    Column("supplier", Text, nullable=False),
    Column("customers", ARRAY(Text), nullable=False),
    # The event's fields as JSON: the rules read them as the event.
    Column("terms", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
)
"""The terms of each contract's buy-out, one row an event; one stated later supersedes an earlier one."""
# The terms may be longer than an index takes.
Index(
    "uq_known_buy_out_once",
    known_buy_out.c.contract,
    known_buy_out.c.stated_at,
    known_buy_out.c.effective_on,
    func.md5(known_buy_out.c.terms),
    unique=True,
)
Index(None, known_buy_out.c.customers, postgresql_using="gin")
Index(None, known_buy_out.c.supplier)

known_buy_outs = Projection(
    name="known_buy_outs",
    tables=("known_buy_out",),
    content="SELECT contract, stated_at::text, effective_on::text, terms FROM known_buy_out ORDER BY 1, 2, 3, 4",
)


class BuyOutSaving(Base):
    """What the customers of a contract say that leaving saves; the one stated last counts."""

    __tablename__ = "buy_out_saving"
    __table_args__ = (
        CheckConstraint("basis IN ('gross', 'net_of_borrowing')", name="known_basis"),
        CheckConstraint("first_year >= 0 AND last_year >= first_year AND last_year <= 300", name="years"),
        Index(None, "contract", "stated_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    contract: Mapped[str] = mapped_column(Text)
    saving_pence: Mapped[int] = mapped_column(BigInteger)
    basis: Mapped[str] = mapped_column(Text)
    loan_service_pence: Mapped[int | None] = mapped_column(BigInteger)
    first_year: Mapped[int]
    last_year: Mapped[int]
    paid_pence: Mapped[int | None] = mapped_column(BigInteger)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), init=False
    )
