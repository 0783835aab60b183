"""Tables of obstructions: one row from when one was found until it ended, and what finance publishes of delays."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
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
from services.governance.core.models import Base


class ObstructionKind(StrEnum):
    """How a body stands in the way: it rejected what enough others accepted, or it does not decide."""

    VETO = "veto"
    INERTIA = "inertia"


class Obstruction(Base):
    """A body stands in the way of a proposal or a recommendation (`about`) since a day.

    `organisations` are those that the body decides for; `parties` read it: who is asked, and who asks.
    `due_on` is the last day in time. `ended_by`
    is the decision, or `withdrawal`, `dissolution`, `reversal` or `revision`. Instants say since when it is known.
    """

    __tablename__ = "obstruction"
    __table_args__ = (
        CheckConstraint("(ended_on IS NULL) = (ended_at IS NULL)", name="ended_whole"),
        Index("uq_obstruction_open", "about", "body", "kind", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_obstruction_parties", "parties", postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    about: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    organisations: Mapped[list[str]] = mapped_column(ARRAY(Text))
    parties: Mapped[list[str]] = mapped_column(ARRAY(Text))
    kind: Mapped[str] = mapped_column(Text)
    since: Mapped[date] = mapped_column(Date)
    share: Mapped[str] = mapped_column(Text)
    due_on: Mapped[date] = mapped_column(Date)
    pack: Mapped[str] = mapped_column(Text)
    found_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_on: Mapped[date | None] = mapped_column(Date, default=None)
    ended_by: Mapped[str | None] = mapped_column(Text, default=None)
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), default=None)


known_price = Table(
    "known_price",
    Base.metadata,
    Column("proposal", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("horizon", Text, nullable=False),
    Column("months", Integer, nullable=False),
    Column("monthly_pence", BigInteger, nullable=False),
    Column("to_date_pence", BigInteger, nullable=False),
    Column("case_reference", Text, nullable=False),
    Column("case_version", Integer, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint(
        *("proposal", "body", "horizon", "months", "monthly_pence", "effective_on", "stated_at"),
        name="uq_known_price_once",
    ),
)
"""What finance published of a delay: one row an event, of which the one stated last counts."""

known_prices = Projection(
    name="known_prices",
    tables=("known_price",),
    content="SELECT proposal, body, horizon, months, monthly_pence, to_date_pence, case_reference, case_version,"
    " effective_on::text, stated_at::text FROM known_price ORDER BY 1, 2, 3, 4, 5, 9, 10",
    carried_over="SELECT EXISTS (SELECT FROM known_price WHERE proposal = '' AND horizon = 'migration')",
)
"""What delays cost, as finance published it."""
