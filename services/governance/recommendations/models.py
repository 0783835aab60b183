"""Tables of recommendations: what was recommended, to whom, and the answers, which are never changed."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ARRAY, Date, DateTime, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.governance.core.models import Base

_RECORDED_AT = text("clock_timestamp()")


class RecommendationState(StrEnum):
    """Where a recommendation stands."""

    MADE = "made"
    ANSWERED = "answered"
    """Some have answered, and it is not settled."""
    ACCEPTED = "accepted"
    OBSTRUCTED = "obstructed"
    LAPSED = "lapsed"
    """All have answered, or the time is over, without the consents and without an obstruction."""


class Recommendation(Base):
    """What a footprint recommends that bodies decide. `parties` read it: the footprint and the bodies' organisations.

    `votes_for` and `votes_against` are those of the footprint's board, where it counted.
    """

    __tablename__ = "recommendation"
    __table_args__ = (Index("ix_recommendation_parties", "parties", postgresql_using="gin"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    footprint: Mapped[str] = mapped_column(Text, index=True)
    action: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    parties: Mapped[list[str]] = mapped_column(ARRAY(Text))
    made_on: Mapped[date] = mapped_column(Date)
    reply_by: Mapped[date] = mapped_column(Date)
    votes_for: Mapped[int | None]
    votes_against: Mapped[int | None]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_RECORDED_AT, init=False, repr=False
    )


class Addressee(Base):
    """A body that a recommendation asks, with its organisations; `consents`: its consent is one that is needed."""

    __tablename__ = "recommendation_addressee"

    recommendation: Mapped[str] = mapped_column(ForeignKey("recommendation.id"), primary_key=True)
    body: Mapped[str] = mapped_column(Text, primary_key=True, index=True)
    organisations: Mapped[list[str]] = mapped_column(ARRAY(Text))
    consents: Mapped[bool]


class RecommendationReply(Base):
    """A body's one answer; `reason` is a code of a rule pack, `decision` is empty where none was named."""

    __tablename__ = "recommendation_reply"

    recommendation: Mapped[str] = mapped_column(ForeignKey("recommendation.id"), primary_key=True)
    body: Mapped[str] = mapped_column(Text, primary_key=True)
    answer: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    decision: Mapped[str] = mapped_column(Text)
    replied_on: Mapped[date] = mapped_column(Date)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_RECORDED_AT, init=False, repr=False
    )
