"""Tables of breaches: what was found and what was concluded, never changed; who it was and words apart."""

from datetime import date, datetime

from sqlalchemy import Date, DateTime, ForeignKey, Identity, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.governance.core.models import Base

_RECORDED_AT = text("clock_timestamp()")


class Breach(Base):
    """A breach in the register of an organisation. `about` names an entry, an item or another thing, and is private."""

    __tablename__ = "breach"
    __table_args__ = (Index(None, "organisation", "id"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    organisation: Mapped[str] = mapped_column(Text)
    rule: Mapped[str] = mapped_column(Text)
    known_on: Mapped[date] = mapped_column(Date)
    found_by: Mapped[str] = mapped_column(Text)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"), index=True)
    about: Mapped[str] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_RECORDED_AT, init=False, repr=False
    )


class BreachConclusion(Base):
    """What a breach came to. `lesson` is read by everybody."""

    __tablename__ = "breach_conclusion"

    breach_id: Mapped[int] = mapped_column(ForeignKey("breach.id"), primary_key=True)
    consequence: Mapped[str] = mapped_column(Text)
    lesson: Mapped[str] = mapped_column(Text)
    concluded_on: Mapped[date] = mapped_column(Date)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_RECORDED_AT, init=False, repr=False
    )
