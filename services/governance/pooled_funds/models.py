"""The table of later shares of pooled funds."""

from datetime import date, datetime

from sqlalchemy import ARRAY, Date, DateTime, ForeignKey, Identity, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.governance.core.models import Base


class FundShares(Base):
    """Later shares of an instrument's pooled fund from a day on, as proposed: exact fractions in the order of members.

    Numbers are those of constitutions too. They count when every party has agreed, and the last so made counts.
    """

    __tablename__ = "fund_shares"
    __table_args__ = (UniqueConstraint("instrument_id", "number"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    number: Mapped[int]
    members: Mapped[list[str]] = mapped_column(ARRAY(Text))
    shares: Mapped[list[str]] = mapped_column(ARRAY(Text))
    first_day: Mapped[date] = mapped_column(Date)
    proposed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    made_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), default=None)
