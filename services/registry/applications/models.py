"""Applications to merge, and their steps."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Date, DateTime, ForeignKey, Identity, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.registry.applications.errors import DeterminedAlready
from services.registry.core.base import Base, one_of


class ApplicationStatus(StrEnum):
    """The status of an application."""

    DRAFTED = "drafted"
    """Not all of its applicants have agreed to its content: it cannot be judged or determined."""
    FILED = "filed"
    DEFERRED = "deferred"
    """Deferred to a later day; it can still be determined."""
    APPROVED = "approved"
    APPROVED_WITH_CONDITIONS = "approved_with_conditions"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    """By its applicants."""


class ApplicationAct(StrEnum):
    """The steps of an application."""

    DRAFTED = "drafted"
    AGREED = "agreed"
    FILED = "filed"
    EDITED = "edited"
    JOINED = "joined"
    LEFT = "left"
    JUDGED = "judged"
    DETERMINED = "determined"
    WITHDRAWN = "withdrawn"


class Result(StrEnum):
    """The result of judging an application by one criterion."""

    PASSES = "passes"
    FAILS = "fails"
    UNJUDGED = "unjudged"
    """A figure that it needs is not recorded, or NHS England has not judged it yet."""
    NOT_FOUND = "not found, unjudged"
    """No source states the criterion."""


class ApplicationStep(Base):
    """One step of an application: its whole content, its status and the body that files it from then on. Never changed.

    What is in force at an instant is the latest step by then (`step_in_force`).
    """

    __tablename__ = "merger_application_step"

    application_id: Mapped[int] = mapped_column(ForeignKey("merger_application.id"), primary_key=True, init=False)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    act: Mapped[ApplicationAct] = mapped_column(one_of(ApplicationAct, "act"))
    status: Mapped[ApplicationStatus] = mapped_column(one_of(ApplicationStatus, "status"))
    filed_by: Mapped[str] = mapped_column(Text)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    stated_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), init=False
    )


def step_in_force(steps: Iterable[ApplicationStep]) -> ApplicationStep:
    """Return the latest of an application's steps, of which there is at least one."""
    return max(steps, key=lambda step: (step.stated_at, step.number))


class Application(Base):
    """An application of commissioners to be dissolved and another established (s.14G; ICBs: s.14Z26, s.14Z27).

    `reference` is `A-` and the proposed successor's code; a second application for it adds `-2`. Its status, its
    applicants, the day on which all had agreed to it and the one that files it follow from its `steps`; `drafted_on` is
    the day of the first one.
    """

    __tablename__ = "merger_application"

    id: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    successor: Mapped[str] = mapped_column(Text)
    drafted_on: Mapped[date] = mapped_column(Date)
    version: Mapped[int] = mapped_column(Integer, default=0)
    steps: Mapped[list[ApplicationStep]] = relationship(
        order_by=ApplicationStep.number, lazy="raise", default_factory=list, repr=False, cascade="all"
    )

    @property
    def current(self) -> ApplicationStep:
        """Its latest step."""
        return step_in_force(self.steps)

    @property
    def status(self) -> ApplicationStatus:
        """Its present status."""
        return self.current.status

    @property
    def applicants(self) -> list[str]:
        """Its present applicants."""
        return list(self.current.content["applicants"])

    @property
    def filed_by(self) -> str:
        """The body that files it at present."""
        return self.current.filed_by

    def last_stated_at(self) -> datetime:
        """Return the instant of its latest step."""
        return self.current.stated_at

    def must_be_open(self) -> None:
        """Raise DeterminedAlready unless it can still be changed."""
        if self.status not in {ApplicationStatus.DRAFTED, ApplicationStatus.FILED, ApplicationStatus.DEFERRED}:
            raise DeterminedAlready(f"{self.reference} is {self.status.replace('_', ' ')}")

    def note(
        self,
        act: ApplicationAct,
        content: dict[str, Any],
        *,
        stated_at: datetime,
        by: str,
        status: ApplicationStatus | None = None,
        filed_by: str | None = None,
    ) -> None:
        """Add a step with the new content, by default of the present status and filer. Earlier steps keep theirs."""
        self.version += 1
        self.steps.append(
            ApplicationStep(
                number=len(self.steps) + 1,
                act=act,
                status=status or self.status,
                filed_by=filed_by or self.filed_by,
                content=content,
                stated_at=stated_at,
                stated_by=by,
            )
        )
