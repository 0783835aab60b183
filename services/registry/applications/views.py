"""Answers about applications to merge and the procedures that they are filed under."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from services.registry.applications.content import ApplicationContent
from services.registry.applications.models import ApplicationAct, ApplicationStatus, Result
from services.registry.core.views import View


class ProcedureView(View):
    """A procedure in force on a filing day. A null day: the procedure states no such window."""

    id: str = Field(examples=["PROC-2013"])
    title: str
    citation: str
    weight: Literal["binding", "advisory"]
    effective_from: date
    effective_to: date | None
    note: str
    advice: str | None = Field(examples=["Informal ban, HSJ: mergers were not to be approved, with no bar in law."])
    filed_by: list[str] = Field(description="the kinds of organisation that can apply under it", examples=[["ccg"]])
    earliest_effect: date | None = Field(description="first day on which an application filed that day can take effect")
    next_variation_window: date | None = Field(description="next day for filing changes of constitution")
    variation_note: str | None
    dissolution: str | None = Field(description="when a dissolution can be applied for")


class ProceduresView(View):
    """The procedures in force on a filing day, and the first day of effect that they allow together."""

    kind: str = Field(examples=["ccg"])
    filed_on: date
    earliest_effect: date | None = Field(
        description="first day that every binding procedure allows; null: none states a window"
    )
    procedures: list[ProcedureView]


class CriterionView(View):
    """The result of one criterion of one procedure."""

    pack: str = Field(examples=["PROC-2016"])
    weight: str
    criterion: str = Field(examples=["saves_management_costs"])
    text: str
    result: Result
    why: str


class FactorView(View):
    """A factor of the regulations, and the evidence for it."""

    pack: str
    factor: str = Field(examples=["stewardship"])
    text: str
    evidence: list[str]


class ApplicationStepView(View):
    """One step of an application, at one instant."""

    number: int
    act: ApplicationAct
    status: ApplicationStatus
    effective_on: date = Field(description="the day applied for after this step")
    applicants: list[str]
    stated_at: datetime
    stated_by: str
    recorded_at: datetime


class ApprovalConditionView(View):
    """A condition of an approval."""

    condition: str = Field(description="a term of the packs", examples=["constitution"])
    words: str | None = Field(description="null: for the parties")


class DeterminationView(View):
    """NHS England's decision, or a withdrawal."""

    outcome: str = Field(examples=["approved"])
    decided_on: date
    reasons: list[str] | None = Field(description="null: for the parties")
    conditions: list[ApprovalConditionView]
    deferred_to: date | None
    merger: str | None = Field(examples=["M-14Y"])


class ApplicationView(View):
    """An application to merge: who applied for what, and its outcome."""

    reference: str = Field(examples=["A-14Y"])
    kind: str = Field(examples=["ccg"])
    status: ApplicationStatus
    applicants: list[str] = Field(examples=[["10Y", "10H"]])
    filed_by: str = Field(examples=["10Y"])
    drafted_on: date = Field(description="the day of its first step")
    filed_on: date | None = Field(
        description="the day on which all applicants had agreed to it, which decides the procedures; null: a draft"
    )
    lacking: list[str] = Field(description="the applicants that have not agreed to its content", examples=[["10H"]])
    successor: str = Field(examples=["14Y"])
    successor_name: str = Field(examples=["NHS Buckinghamshire CCG"])
    effective_on: date = Field(description="the day applied for, or the one that it was deferred to")
    determination: DeterminationView | None
    version: int | None = Field(
        description="null: for the parties, since it counts judgements too; and with `as_known`"
    )


class ApplicationInFullView(ApplicationView):
    """An application with its content and its results by the procedures in force when it was filed.

    The content and what follows from it are null for others than its parties at the instant: the applicants and the
    body that filed it.
    """

    earliest_effect: date | None
    procedures: list[ProcedureView]
    said: ApplicationContent | None
    criteria: list[CriterionView] | None
    factors: list[FactorView] | None
    steps: list[ApplicationStepView] | None
    as_known: datetime | None = Field(description="null: as known now")


class ApplicationWrittenView(View):
    """An application after a command."""

    reference: str = Field(examples=["A-14Y"])
    status: ApplicationStatus
    applicants: list[str]
    lacking: list[str] = Field(description="the applicants that have not agreed to its content", examples=[["10H"]])
    merger: str | None = Field(description="the merger that its approval made", examples=["M-14Y"])
    effective_on: date = Field(description="the day applied for, computed where none was named")
    version: int
