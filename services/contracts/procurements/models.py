"""Tables of procurements: who buys what, and in two times at what stage it stands and who bids."""

from datetime import date, datetime
from enum import IntEnum

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.temporal.timeline import Timeline
from services.contracts.core.models import Base


class Procurement(Base):
    """A procurement by one or more buyers; `run_by` runs it for them. `stated_at` is since when it is known."""

    __tablename__ = "procurement"
    __table_args__ = (
        CheckConstraint("value_pence >= 0", name="no_negative_value"),
        Index(None, "buyers", postgresql_using="gin"),
        Index(None, "run_by"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    buyers: Mapped[list[str]] = mapped_column(ARRAY(Text))
    run_by: Mapped[str] = mapped_column(Text)
    functions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    regime: Mapped[str] = mapped_column(Text)
    rule_pack: Mapped[str] = mapped_column(Text)
    value_pence: Mapped[int] = mapped_column(BigInteger)
    begun_on: Mapped[date]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ProcurementBidder(Base):
    """A body that bids, or was stated to; the timeline `procurement_bidder` says on which days."""

    __tablename__ = "procurement_bidder"
    __table_args__ = (UniqueConstraint("procurement_id", "bidder"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    procurement_id: Mapped[int] = mapped_column(ForeignKey("procurement.id"))
    bidder: Mapped[str] = mapped_column(Text)


class Milestone(IntEnum):
    """What is stated of a procurement, each dated on its own."""

    STAGE = 1
    WINNER = 2
    CONTRACT = 3


course = Timeline(Base.metadata, "procurement")
"""Subject: a procurement. Facets: `Milestone`."""
bids = Timeline(Base.metadata, "procurement_bidder")
"""Subject: a bidder of a procurement. `bids` on the days on which it does."""
