"""Tables of plans to consolidate: each revision, its steps and every act, none of which is ever changed."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Index, Text, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.contracts.core.models import Base

COMMIT = "consolidation.commit"
"""The action that a member's decision has to be about."""


class PlanState(StrEnum):
    """Where a plan stands."""

    PLANNED = "planned"
    FEASIBLE = "feasible"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    COMMITTED = "committed"
    MOVING = "moving"
    CONSOLIDATED = "consolidated"
    WITHDRAWN = "withdrawn"


class Cause(StrEnum):
    """Why there is a revision. All but a withdrawal ask every member anew."""

    PLANNED = "planned"
    ENTERED = "entered"
    REVISED = "revised"
    ASSESSED = "assessed"
    WITHDRAWN = "withdrawn"


class Kind(StrEnum):
    """What a plan's act is."""

    ENTERED = "entered"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    APPROVED = "approved"
    REJECTED = "rejected"
    REVERSED = "reversed"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"
    PREPARED = "prepared"
    RECALLED = "recalled"
    COMMITTED = "committed"
    BLOCKED = "blocked"
    MOVED = "moved"
    CONSOLIDATED = "consolidated"


class ExitChoice(StrEnum):
    """How a contract is left: when it may be left free of charge, or earlier at a price."""

    WAIT = "wait"
    PAY = "pay"


class Preparation(StrEnum):
    """What is prepared for a contract before the commitment."""

    OFFER = "offer_to_end"
    AGREEMENT = "supplier_agreed"
    STAFF = "staff_information"


class ConsolidationPlan(Base):
    """A plan for one shared service in the place of several contracts; its reference is that of the initiative."""

    __tablename__ = "consolidation_plan"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    planned_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class PlanRevision(Base):
    """A plan as it was restated once: the terms of the shared contract; `members` and `weights` are in one order."""

    __tablename__ = "plan_revision"
    __table_args__ = (
        UniqueConstraint("plan_id", "number"),
        CheckConstraint("cardinality(members) = cardinality(weights)", name="a_weight_a_member"),
        CheckConstraint("0 < ALL(weights)", name="weights_are_positive"),
        Index(None, "members", postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    plan_id: Mapped[int] = mapped_column(ForeignKey("consolidation_plan.id"))
    number: Mapped[int]
    cause: Mapped[str] = mapped_column(Text)
    members: Mapped[list[str]] = mapped_column(ARRAY(Text))
    weights: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    contracts: Mapped[list[str]] = mapped_column(ARRAY(Text))
    option: Mapped[str] = mapped_column(Text)
    terms: Mapped[dict[str, object]] = mapped_column(JSONB)
    previous_annual_pence: Mapped[int] = mapped_column(BigInteger)
    effective_on: Mapped[date]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp(), init=False
    )
    recorded_by: Mapped[str] = mapped_column(Text)


class PlanStep(Base):
    """How and when one contract of a revision moves; a price of null is not known."""

    __tablename__ = "plan_step"
    __table_args__ = (
        CheckConstraint("choice IN ('wait', 'pay')", name="choice"),
        CheckConstraint("price_pence >= 0", name="no_negative_price"),
        CheckConstraint("(price_pence IS NULL) = (cardinality(unpriced) > 0)", name="unpriced_names_what_is_missing"),
    )

    revision_id: Mapped[int] = mapped_column(ForeignKey("plan_revision.id"), primary_key=True)
    contract: Mapped[str] = mapped_column(Text, primary_key=True)
    choice: Mapped[str] = mapped_column(Text)
    exit_on: Mapped[date]
    move_on: Mapped[date]
    price_pence: Mapped[int | None] = mapped_column(BigInteger)
    unpriced: Mapped[list[str]] = mapped_column(ARRAY(Text))


class PlanAct(Base):
    """One act about a plan, by or for a member or about a contract; a later act supersedes it, nothing changes it."""

    __tablename__ = "plan_act"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    plan_id: Mapped[int] = mapped_column(ForeignKey("consolidation_plan.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    revision: Mapped[int]
    effective_on: Mapped[date]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    member: Mapped[str] = mapped_column(Text, default="")
    contract: Mapped[str] = mapped_column(Text, default="", index=True)
    detail: Mapped[str] = mapped_column(Text, default="")
    decision: Mapped[str] = mapped_column(Text, default="")
    document: Mapped[str] = mapped_column(Text, default="")
    price_pence: Mapped[int | None] = mapped_column(BigInteger, default=None)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp(), init=False
    )
