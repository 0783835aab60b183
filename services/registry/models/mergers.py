"""CCGs that are to be dissolved, the one established in their place, and what was planned when."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, DateTime, ForeignKey, Identity, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.registry.errors import NotAgreedAnyMore, SameDay
from services.registry.models.base import Base, one_of


class MergerStatus(StrEnum):
    """How far a merger got."""

    AGREED = "agreed"
    CARRIED_OUT = "carried_out"
    WITHDRAWN = "withdrawn"


class Plan(Base):
    """What was said of a merger at one instant: that it takes effect on a day, took effect, or will not."""

    __tablename__ = "merger_plan"

    merger_id: Mapped[int] = mapped_column(ForeignKey("merger.id"), primary_key=True, init=False)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    status: Mapped[MergerStatus] = mapped_column(one_of(MergerStatus, "status"))
    effective_on: Mapped[date] = mapped_column(Date)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    stated_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), init=False
    )


class Merger(Base):
    """CCGs that are to be dissolved, and the one established in their place (NHS Act 2006 s.14G).

    `reference` is `M-` and the successor's code, which is never used again; a second attempt adds `-2`. What was
    planned when stays in `plans`, so that a merger that slipped still shows the day that it slipped from.
    """

    __tablename__ = "merger"
    __table_args__ = (
        Index("ix_merger_due", "effective_on", "reference", postgresql_where=text("status = 'agreed'")),
        Index(None, "predecessors", postgresql_using="gin"),
        Index(None, "successor"),
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
    plans: Mapped[list[Plan]] = relationship(
        order_by=Plan.number, lazy="raise", default_factory=list, repr=False, cascade="all"
    )

    def codes(self) -> set[str]:
        """Return every organisation that the merger concerns."""
        return {self.successor, *self.predecessors}

    def last_stated_at(self) -> datetime:
        """Return the instant of the latest thing that was said of it."""
        return max(plan.stated_at for plan in self.plans)

    def agree(self, *, stated_at: datetime, by: str) -> None:
        """Note that it was agreed."""
        self.note(MergerStatus.AGREED, self.effective_on, stated_at=stated_at, by=by)

    def redate(self, effective_on: date, *, stated_at: datetime, by: str) -> None:
        """Let it take effect on another day. Raises NotAgreedAnyMore, SameDay."""
        self._must_be_agreed()
        if effective_on == self.effective_on:
            raise SameDay(f"{self.reference} takes effect on {effective_on}")
        self.note(MergerStatus.AGREED, effective_on, stated_at=stated_at, by=by)
        self.version += 1

    def withdraw(self, *, stated_at: datetime, by: str) -> None:
        """Give it up. Raises NotAgreedAnyMore."""
        self._must_be_agreed()
        self.note(MergerStatus.WITHDRAWN, self.effective_on, stated_at=stated_at, by=by)
        self.version += 1

    def carry_out(self, *, stated_at: datetime, by: str) -> None:
        """Note that it took effect. Raises NotAgreedAnyMore."""
        self._must_be_agreed()
        self.note(MergerStatus.CARRIED_OUT, self.effective_on, stated_at=stated_at, by=by)
        self.version += 1

    def _must_be_agreed(self) -> None:
        if self.status != MergerStatus.AGREED:
            raise NotAgreedAnyMore(f"{self.reference} is {self.status.replace('_', ' ')}")

    def note(self, status: MergerStatus, effective_on: date, *, stated_at: datetime, by: str) -> None:
        """Keep what was said of it, beside all that was said before."""
        self.status, self.effective_on = status, effective_on
        self.plans.append(
            Plan(
                number=len(self.plans) + 1,
                status=status,
                effective_on=effective_on,
                stated_at=stated_at,
                stated_by=by,
            )
        )
