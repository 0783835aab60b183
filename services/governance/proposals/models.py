"""Tables of proposals: the proposal, the bodies whose consent it needs, and acts on it, which are never changed."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Date, DateTime, ForeignKey, Identity, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.governance.core.models import Base

_RECORDED_AT = text("clock_timestamp()")


class ProposalKind(StrEnum):
    """What is proposed."""

    MERGER = "merger"
    CONSOLIDATION = "consolidation"
    TERMINATION = "termination"
    AWARD = "award"
    BUY_OUT = "buy_out"
    CONSTITUTION = "constitution"
    BUDGET = "budget"
    VIREMENT = "virement"
    RATIFICATION = "ratification"


class ActKind(StrEnum):
    """What was done about a proposal."""

    OPENED = "opened"
    CONSULTED = "consulted"
    SCHEDULED = "scheduled"
    DEFERRED = "deferred"
    DECIDED = "decided"
    REVERSED = "reversed"
    REVISED = "revised"
    EVIDENCED = "evidenced"
    RETRACTED = "retracted"
    WITHDRAWN = "withdrawn"
    VOID = "void"


class State(StrEnum):
    """The state of a proposal."""

    DRAFT = "draft"
    OPEN = "open"
    CONSULTED = "consulted"
    SCHEDULED = "scheduled"
    DEFERRED = "deferred"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"
    VOID = "void"

    @property
    def is_over(self) -> bool:
        """Whether no body decides on it any longer."""
        return self in (State.WITHDRAWN, State.VOID)


class Proposal(Base):
    """What an organisation asks bodies to decide, as it was drafted. `digest` is finance's, of the case's version.

    `revision` is the plan's when it was drafted; acts say of later ones. Money is in pence: for the whole life, and for
    the highest year. `series` names what is decided in parts.
    """

    __tablename__ = "proposal"
    __table_args__ = (
        CheckConstraint("value_pence >= 0 AND annual_pence >= 0", name="no_negative_value"),
        Index(None, "organisation", "reference"),
        Index(None, "subject"),
    )

    reference: Mapped[str] = mapped_column(Text, primary_key=True)
    organisation: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    revision: Mapped[int]
    value_pence: Mapped[int] = mapped_column(BigInteger)
    annual_pence: Mapped[int] = mapped_column(BigInteger)
    recurrent: Mapped[bool]
    series: Mapped[str] = mapped_column(Text)
    case_reference: Mapped[str] = mapped_column(Text)
    case_version: Mapped[int]
    digest: Mapped[str] = mapped_column(Text)
    due_on: Mapped[date] = mapped_column(Date)
    drafted_on: Mapped[date] = mapped_column(Date)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_RECORDED_AT, init=False, repr=False
    )


class ProposalConsent(Base):
    """A body whose consent a proposal needs, fixed when it is opened, and the organisations that it decides for."""

    __tablename__ = "proposal_consent"

    proposal: Mapped[str] = mapped_column(ForeignKey("proposal.reference"), primary_key=True)
    body: Mapped[str] = mapped_column(Text, primary_key=True, index=True)
    organisations: Mapped[list[str]] = mapped_column(ARRAY(Text))


class ProposalAct(Base):
    """An act on a proposal, which counts from `effective_on`; `until_on` is the day from which its time counts again.

    `body` is whose act it is, empty where it is about the whole. `code` is a reason of a rule pack, whom was consulted,
    an outcome, or a condition; `reference` is a decision, a meeting's item, or the minute of evidence; `outcome` of
    evidence that is taken back is the reason.
    """

    __tablename__ = "proposal_act"
    __table_args__ = (Index(None, "proposal", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    proposal: Mapped[str] = mapped_column(ForeignKey("proposal.reference"))
    what: Mapped[str] = mapped_column(Text)
    effective_on: Mapped[date] = mapped_column(Date)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text, default="")
    code: Mapped[str] = mapped_column(Text, default="")
    outcome: Mapped[str] = mapped_column(Text, default="")
    reference: Mapped[str] = mapped_column(Text, default="")
    conditions: Mapped[list[str]] = mapped_column(ARRAY(Text), default_factory=list, server_default=text("'{}'"))
    still_asked: Mapped[list[str]] = mapped_column(ARRAY(Text), default_factory=list, server_default=text("'{}'"))
    until_on: Mapped[date | None] = mapped_column(Date, default=None)
    lawful: Mapped[bool] = mapped_column(default=False)
    revision: Mapped[int] = mapped_column(default=0)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_RECORDED_AT, init=False, repr=False
    )
