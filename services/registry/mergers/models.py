"""Mergers of commissioners, with their plans, transfer schemes and conditions."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, Date, DateTime, ForeignKey, ForeignKeyConstraint, Identity, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload

from libs.common.errors import Reason
from libs.common.process.clock import day_of
from libs.organisations.schemes import suspension_in_force
from services.registry.core.base import Base, one_of
from services.registry.core.kinds import Kind, MergerStatus
from services.registry.mergers.errors import (
    ConditionMetAlready,
    EffectiveDateUnchanged,
    MergerNotOpen,
    NoSuchCondition,
    SchemeMadeAlready,
)


class Plan(Base):
    """A plan of a merger, as stated at one instant: to take effect, carried out, or withdrawn. Never changed.

    What is in force at an instant follows from all plans by `plan_in_force`, in whatever order they were recorded. The
    plans of a merger that files state are derived from them (`Merger.derive`); they have `predecessors` of their own,
    those that were known by then.
    """

    __tablename__ = "merger_plan"

    merger_id: Mapped[int] = mapped_column(ForeignKey("merger.id"), primary_key=True, init=False)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    status: Mapped[MergerStatus] = mapped_column(one_of(MergerStatus, "status"))
    effective_on: Mapped[date] = mapped_column(Date)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    stated_by: Mapped[str] = mapped_column(Text)
    predecessors: Mapped[list[str] | None] = mapped_column(ARRAY(Text), default=None)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), init=False
    )


def plan_in_force(plans: Iterable[Plan], at: datetime | None = None) -> Plan | None:
    """Return the plan in force at an instant (None: now), which is the latest by then; None before the first."""
    stated = (plan for plan in plans if at is None or plan.stated_at <= at)
    return max(stated, key=lambda plan: (plan.stated_at, plan.number), default=None)


class SchemeType(StrEnum):
    """The two types of transfer scheme of NHS Act 2006 s.14I, which do not overlap."""

    PROPERTY = "property"
    """Property, rights and liabilities, other than those under contracts of employment."""
    STAFF = "staff"
    """Rights and liabilities under contracts of employment."""


class SchemePause(Base):
    """A statement that what a scheme moves waits from a day on, or continues. Never changed.

    Whether it waits follows from all statements by `suspension_in_force`, in whatever order they were recorded.
    `reason` is a term; `words` and `document` are for the parties.
    """

    __tablename__ = "transfer_scheme_pause"
    __table_args__ = (
        ForeignKeyConstraint(["merger_id", "scheme"], ["transfer_scheme.merger_id", "transfer_scheme.reference"]),
    )

    merger_id: Mapped[int] = mapped_column(Integer, primary_key=True, init=False)
    scheme: Mapped[str] = mapped_column(Text, primary_key=True, init=False)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    suspended: Mapped[bool] = mapped_column(Boolean)
    effective_on: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    stated_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), init=False
    )


class Scheme(Base):
    """A transfer scheme of one type, from some of the predecessors to the successor, or a nil return."""

    __tablename__ = "transfer_scheme"

    merger_id: Mapped[int] = mapped_column(ForeignKey("merger.id"), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, primary_key=True)
    sort: Mapped[SchemeType] = mapped_column(one_of(SchemeType, "sort"))
    predecessors: Mapped[list[str]] = mapped_column(ARRAY(Text))
    nil_return: Mapped[bool] = mapped_column(Boolean)
    made_on: Mapped[date] = mapped_column(Date)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    stated_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), init=False
    )
    pauses: Mapped[list[SchemePause]] = relationship(
        order_by=SchemePause.number, lazy="raise", default_factory=list, repr=False, cascade="all"
    )

    @property
    def suspended_on(self) -> date | None:
        """The day since which what it moves waits, None where it does not."""
        suspension = suspension_in_force(self.pauses)
        return suspension.effective_on if suspension else None

    def last_stated_at(self) -> datetime:
        """Return the instant of the latest statement about it."""
        return max([self.stated_at, *(pause.stated_at for pause in self.pauses)])


class ConditionEvidence(Base):
    """The evidence that a condition was met, as stated at one instant: a term, and words for the parties."""

    __tablename__ = "merger_evidence"
    __table_args__ = (
        ForeignKeyConstraint(["merger_id", "number"], ["merger_condition.merger_id", "merger_condition.number"]),
    )

    merger_id: Mapped[int] = mapped_column(Integer, primary_key=True, init=False)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, init=False)
    met_on: Mapped[date] = mapped_column(Date)
    evidence_type: Mapped[str] = mapped_column(Text)
    evidence: Mapped[str] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    stated_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), init=False
    )


class Condition(Base):
    """A condition of NHS England's approval: a term, and words for the parties."""

    __tablename__ = "merger_condition"

    merger_id: Mapped[int] = mapped_column(ForeignKey("merger.id"), primary_key=True, init=False)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    condition: Mapped[str] = mapped_column(Text, server_default="other")
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    evidence: Mapped[ConditionEvidence | None] = relationship(lazy="raise", default=None, repr=False, cascade="all")

    @property
    def met_on(self) -> date | None:
        """The day on which it was met, None without evidence."""
        return self.evidence.met_on if self.evidence else None


class Merger(Base):
    """Commissioners to be dissolved, and their successor (NHS Act 2006 s.14G; ICBs: s.14Z25, s.14Z27).

    `status` and `effective_on` are those of the plan in force. `ready_on` is the day by which everything needed was
    known to be ready: each condition met, and of each predecessor both schemes or nil returns; None while something is
    missing.

    `parts` are parts of bodies that continue (`services.registry.parts.part.Part`), which pass on the same day.

    `reference` is `M-` and the successor's code, which is never used again; a second attempt adds `-2`. Every plan
    stays in `plans`, so that a merger that slipped still shows the day that it slipped from.
    """

    __tablename__ = "merger"
    __table_args__ = (
        Index("ix_merger_due", "effective_on", "reference", postgresql_where=text("status = 'agreed'")),
        Index(None, "predecessors", postgresql_using="gin"),
        Index(None, "successor"),
        Index(None, "parts", postgresql_using="gin", postgresql_ops={"parts": "jsonb_path_ops"}),
    )

    id: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    successor: Mapped[str] = mapped_column(Text)
    successor_name: Mapped[str] = mapped_column(Text)
    predecessors: Mapped[list[str]] = mapped_column(ARRAY(Text))
    status: Mapped[MergerStatus] = mapped_column(one_of(MergerStatus, "status"))
    effective_on: Mapped[date] = mapped_column(Date)
    rule_pack: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, default=1)
    kind: Mapped[str] = mapped_column(Text, default=Kind.CCG, server_default=Kind.CCG)
    application: Mapped[str | None] = mapped_column(Text, default=None)
    ready_on: Mapped[date | None] = mapped_column(Date, default=None)
    parts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default_factory=list, server_default=text("'[]'"))
    plans: Mapped[list[Plan]] = relationship(
        order_by=Plan.number, lazy="raise", default_factory=list, repr=False, cascade="all, delete-orphan"
    )
    conditions: Mapped[list[Condition]] = relationship(
        order_by=Condition.number, lazy="raise", default_factory=list, repr=False, cascade="all"
    )
    schemes: Mapped[list[Scheme]] = relationship(
        order_by=(Scheme.made_on, Scheme.reference), lazy="raise", default_factory=list, repr=False, cascade="all"
    )

    def codes(self) -> set[str]:
        """Return every organisation that the merger concerns."""
        return {self.successor, *self.predecessors, *(part["code"] for part in self.parts)}

    def last_stated_at(self) -> datetime:
        """Return the instant of its latest plan."""
        return max(plan.stated_at for plan in self.plans)

    def first_stated_at(self) -> datetime:
        """Return the instant of its agreement, after which everything else about it is stated."""
        return min(plan.stated_at for plan in self.plans)

    def agree(self, conditions: Iterable[tuple[str, str]] = (), *, stated_at: datetime, by: str) -> None:
        """Note that it was agreed, on these conditions: each a term, and words for the parties."""
        self.note(MergerStatus.AGREED, self.effective_on, stated_at=stated_at, by=by)
        self.conditions = [
            Condition(number=number, condition=term, text=words, stated_at=stated_at)
            for number, (term, words) in enumerate(conditions, 1)
        ]

    def make_scheme(
        self, sort: SchemeType, predecessors: Sequence[str], *, nil: bool, made_on: date, stated_at: datetime, by: str
    ) -> Scheme:
        """Add a transfer scheme, or a nil return. Raises MergerNotOpen, SchemeMadeAlready."""
        self.must_be_agreed(stated_at)
        made = {code: one.reference for one in self.schemes if one.sort == sort for code in one.predecessors}
        twice = [Reason(f"{code} has the {sort} transfer scheme {made[code]}") for code in predecessors if code in made]
        if twice:
            raise SchemeMadeAlready("; ".join(reason.message for reason in twice), reasons=twice)
        number = 1 + sum(one.sort == sort for one in self.schemes)
        scheme = Scheme(
            reference=f"{self.reference}-{sort[0].upper()}{number}",
            sort=sort,
            predecessors=list(predecessors),
            nil_return=nil,
            made_on=made_on,
            stated_at=stated_at,
            stated_by=by,
        )
        self.schemes.append(scheme)
        self._reckon()
        return scheme

    def meet(
        self, number: int, evidence_type: str, evidence: str, *, met_on: date, stated_at: datetime, by: str
    ) -> Condition:
        """Record the evidence that a condition is met. Raises MergerNotOpen, NoSuchCondition, ConditionMetAlready."""
        self.must_be_agreed(stated_at)
        condition = next((one for one in self.conditions if one.number == number), None)
        if condition is None:
            raise NoSuchCondition(f"{self.reference} has {len(self.conditions)} conditions and no number {number}")
        if condition.evidence is not None:
            raise ConditionMetAlready(f"condition {number} of {self.reference} was met on {condition.met_on}")
        condition.evidence = ConditionEvidence(
            met_on=met_on, evidence_type=evidence_type, evidence=evidence, stated_at=stated_at, stated_by=by
        )
        self._reckon()
        return condition

    def pause(self, scheme: Scheme, pause: SchemePause) -> None:
        """Add a statement that a scheme of its own waits, or continues."""
        scheme.pauses.append(pause)
        self._reckon()

    def is_ready(self) -> bool:
        """Whether all that is needed was known by its day.

        A merger agreed on or after its day, as in a replay of the past, was ready then or was refused.
        """
        agreed = max(plan.stated_at for plan in self.plans if plan.status == MergerStatus.AGREED)
        return self.ready_on is not None and self.ready_on <= max(self.effective_on, day_of(agreed))

    def _reckon(self) -> None:
        """Set the day by which everything needed was known to be ready."""
        covered = {
            (one.sort, code): day_of(one.last_stated_at())
            for one in self.schemes
            if one.suspended_on is None
            for code in one.predecessors
        }
        needed = [covered.get((sort, code)) for sort in SchemeType for code in self.predecessors]
        needed += [day_of(one.evidence.stated_at) if one.evidence else None for one in self.conditions]
        days = [day for day in needed if day is not None]
        self.ready_on = max(days) if len(days) == len(needed) else None

    def redate(self, effective_on: date, *, stated_at: datetime, by: str) -> date:
        """Move it to another day; return the day before. Raises MergerNotOpen, EffectiveDateUnchanged."""
        previously_on = self.must_be_agreed(stated_at).effective_on
        if effective_on == previously_on:
            raise EffectiveDateUnchanged(f"{self.reference} takes effect on {effective_on}")
        self.note(MergerStatus.AGREED, effective_on, stated_at=stated_at, by=by)
        self.version += 1
        return previously_on

    def withdraw(self, *, stated_at: datetime, by: str) -> None:
        """Withdraw it. Raises MergerNotOpen."""
        plan = self.must_be_agreed(stated_at)
        self.note(MergerStatus.WITHDRAWN, plan.effective_on, stated_at=stated_at, by=by)
        self.version += 1

    def carry_out(self, *, stated_at: datetime, by: str) -> None:
        """Note that it took effect. Raises MergerNotOpen."""
        plan = self.must_be_agreed(stated_at)
        self.note(MergerStatus.CARRIED_OUT, plan.effective_on, stated_at=stated_at, by=by)
        self.version += 1

    def must_be_agreed(self, at: datetime) -> Plan:
        """Return the plan in force at an instant. Raises MergerNotOpen where it was withdrawn, or ever carried out."""
        plan = plan_in_force(self.plans, at)
        if plan is None or plan.status != MergerStatus.AGREED or self.status == MergerStatus.CARRIED_OUT:
            raise MergerNotOpen(f"{self.reference} is {self.status.replace('_', ' ')}")
        return plan

    def note(self, status: MergerStatus, effective_on: date, *, stated_at: datetime, by: str) -> None:
        """Add a plan. Earlier plans stay, and one that is stated late goes before those that were stated after it."""
        self.plans.append(
            Plan(
                number=len(self.plans) + 1,
                status=status,
                effective_on=effective_on,
                stated_at=stated_at,
                stated_by=by,
            )
        )
        if plan := plan_in_force(self.plans):
            self.status, self.effective_on = plan.status, plan.effective_on

    def derive(self, stated: Sequence[tuple[datetime, list[str]]], *, by: str) -> None:
        """Let its plans be what files state: each instant with the predecessors that were named by then."""
        if [(plan.stated_at, plan.predecessors) for plan in self.plans] == list(stated):
            return
        self.version += 1 if self.plans else 0
        del self.plans[len(stated) :]
        for number, (stated_at, predecessors) in enumerate(stated):
            if number == len(self.plans):
                self.note(MergerStatus.CARRIED_OUT, self.effective_on, stated_at=stated_at, by=by)
            self.plans[number].stated_at, self.plans[number].predecessors = stated_at, predecessors
        self.predecessors = stated[-1][1]


WHOLE = (
    selectinload(Merger.plans),
    selectinload(Merger.conditions).selectinload(Condition.evidence),
    selectinload(Merger.schemes).selectinload(Scheme.pauses),
)
"""What is loaded with a merger that changes."""
