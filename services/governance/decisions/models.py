"""Tables of decisions and of their reversals; neither is ever changed."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ARRAY, BigInteger, Date, DateTime, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.governance.core.models import Base

_RECORDED_AT = text("clock_timestamp()")


class Outcome(StrEnum):
    """What a body decided on a proposal."""

    APPROVED = "approved"
    APPROVED_WITH_CONDITIONS = "approved_with_conditions"
    REJECTED = "rejected"

    @property
    def approves(self) -> bool:
        """Whether the proposal has the body's consent."""
        return self is not Outcome.REJECTED


class Decision(Base):
    """A decision of a body on a proposal, as `DecisionTaken` tells it; `permit` is what `can` answered for it.

    `organisation` is empty where it binds several. `minute` names the meeting and the item, or the urgent action.
    """

    __tablename__ = "decision"
    __table_args__ = (Index(None, "subject", "action"), Index(None, "body"), Index(None, "proposal"))

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    proposal: Mapped[str] = mapped_column(ForeignKey("proposal.reference"))
    body: Mapped[str] = mapped_column(Text)
    organisation: Mapped[str] = mapped_column(Text)
    binds: Mapped[list[str]] = mapped_column(ARRAY(Text))
    subject: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    conditions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    minute: Mapped[str] = mapped_column(Text)
    value_pence: Mapped[int] = mapped_column(BigInteger)
    annual_pence: Mapped[int] = mapped_column(BigInteger)
    recurrent: Mapped[bool]
    case_reference: Mapped[str] = mapped_column(Text)
    case_version: Mapped[int]
    revision: Mapped[int]
    urgent: Mapped[bool]
    permit: Mapped[str] = mapped_column(ForeignKey("permit.id"))
    taken_on: Mapped[date] = mapped_column(Date)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_RECORDED_AT, init=False, repr=False
    )


class DecisionReversal(Base):
    """A decision that no longer stands from `effective_on`, by which other one, or because it was not ratified."""

    __tablename__ = "decision_reversal"

    decision: Mapped[str] = mapped_column(ForeignKey("decision.id"), primary_key=True)
    by_decision: Mapped[str] = mapped_column(Text)
    minute: Mapped[str] = mapped_column(Text)
    ratification_refused: Mapped[bool]
    effective_on: Mapped[date] = mapped_column(Date)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_RECORDED_AT, init=False, repr=False
    )
