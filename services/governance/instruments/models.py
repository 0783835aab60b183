"""Tables of instruments: what was proposed, which party agreed, and constitutions."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.temporal.timeline import Timeline
from services.governance.core.models import Base

instrument_time = Timeline(Base.metadata, "instrument_time")
"""Of an instrument that was made: whether it stands, its parties (`Facet.MEMBERS`), and why it ended, by a code."""
_RECORDED_AT = text("clock_timestamp()")


class InstrumentKind(StrEnum):
    """How organisations work together."""

    LEAD_COMMISSIONER = "lead_commissioner"
    JOINT_COMMITTEE = "joint_committee"
    COMMITTEES_IN_COMMON = "committees_in_common"
    SECTION_75 = "section_75"
    POOLED_FUND = "pooled_fund"
    HOSTED_SERVICE = "hosted_service"
    CO_COMMISSIONING = "co_commissioning"
    ADVISORY = "advisory"

    @property
    def pools(self) -> bool:
        """Whether it may have a pooled fund."""
        return self in (InstrumentKind.POOLED_FUND, InstrumentKind.SECTION_75)


class Instrument(Base):
    """An instrument as proposed. From `made_at`, when the last party had agreed, its days are on `instrument_time`.

    `body` is the reference of the joint body that decides under it, empty where there is none. `fund` names the pooled
    fund, with `shares` in the order of `parties`.
    """

    __tablename__ = "instrument"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    parties: Mapped[list[str]] = mapped_column(ARRAY(Text))
    host: Mapped[str] = mapped_column(Text)
    agreement: Mapped[str] = mapped_column(Text, index=True)
    functions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    safeguards: Mapped[list[str]] = mapped_column(ARRAY(Text))
    pack: Mapped[str] = mapped_column(Text)
    power: Mapped[str] = mapped_column(Text)
    binding: Mapped[str] = mapped_column(Text)
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date | None] = mapped_column(Date)
    fund: Mapped[str] = mapped_column(Text)
    shares: Mapped[list[str]] = mapped_column(ARRAY(Text))
    proposed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    body: Mapped[str] = mapped_column(Text, default="", index=True)
    made_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), default=None)


class Constitution(Base):
    """The seats and terms of reference of an instrument's joint body, as proposed; number 1 comes with the instrument.

    It takes effect on `first_day`, when every party has agreed to it.
    """

    __tablename__ = "constitution"
    __table_args__ = (UniqueConstraint("instrument_id", "number"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    number: Mapped[int]
    content: Mapped[str] = mapped_column(Text)
    first_day: Mapped[date] = mapped_column(Date)
    proposed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    made_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), default=None)


class InstrumentAgreement(Base):
    """A party agreed, by its own act: to the instrument with its first constitution (`number` 1), or to a later one.

    Or to later shares of its fund.
    """

    __tablename__ = "instrument_agreement"
    __table_args__ = (UniqueConstraint("instrument_id", "number", "organisation"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    number: Mapped[int]
    organisation: Mapped[str] = mapped_column(Text)
    agreed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_RECORDED_AT, init=False, repr=False
    )
