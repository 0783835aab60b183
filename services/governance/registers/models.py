"""The table of publications of registers: how many entries, and their digest."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Date, DateTime, Identity, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.governance.core.models import Base

_RECORDED_AT = text("clock_timestamp()")


class Register(StrEnum):
    """A register that an organisation publishes."""

    INTERESTS = "interests"
    GIFTS = "gifts"
    PROCUREMENT_DECISIONS = "procurement_decisions"
    BREACHES = "breaches"


class RegisterPublication(Base):
    """That a register was published on a day with these entries: `digest` is SHA-256 of them as canonical JSON."""

    __tablename__ = "register_publication"
    __table_args__ = (Index(None, "organisation", "register_of", "published_on"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    organisation: Mapped[str] = mapped_column(Text)
    register_of: Mapped[str] = mapped_column(Text)
    published_on: Mapped[date] = mapped_column(Date)
    entries: Mapped[int]
    digest: Mapped[str] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_RECORDED_AT, init=False, repr=False
    )
