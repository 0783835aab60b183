"""What the registry's answers about applications to merge and procedures look like."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from services.registry.applications.content import ApplicationContent, Determination
from services.registry.applications.criteria import Result
from services.registry.applications.models import ApplicationAct, ApplicationStatus
from services.registry.applications.procedures import Procedure
from services.registry.applications.queries import ApplicationAsKnown, Appraisal
from services.registry.edge import View


class ProcedureView(View):
    """A procedure that is in force on a filing day. Null: it states no such window."""

    id: str = Field(examples=["PROC-2013"])
    title: str
    citation: str
    weight: Literal["binding", "advisory"]
    effective_from: date
    effective_to: date | None
    note: str
    advice: str | None = Field(examples=["Informal ban, HSJ: mergers were not to be approved, with no bar in law."])
    filed_by: list[str] = Field(description="the kinds of body that can apply by it", examples=[["ccg"]])
    earliest_effect: date | None = Field(description="first day on which what is filed on the day can take effect")
    next_variation_window: date | None = Field(description="next day on which changes of constitution can be filed")
    variation_note: str | None
    dissolution: str | None = Field(description="when a dissolution can be applied for")

    @classmethod
    def of(cls, procedure: Procedure) -> "ProcedureView":
        """Show a procedure."""
        pack, values = procedure.pack, procedure.pack.values
        return cls(
            id=pack.id,
            title=pack.title,
            citation=pack.citation,
            weight=pack.weight,
            effective_from=pack.effective_from,
            effective_to=pack.effective_to,
            note=pack.note,
            advice=values.get("advice"),
            filed_by=values["filed_by"],
            earliest_effect=procedure.earliest_effect,
            next_variation_window=procedure.next_variation_window,
            variation_note=values.get("variation_note"),
            dissolution=values.get("dissolution"),
        )


class ProceduresView(View):
    """The procedures in force on a filing day, and what they make of it together."""

    kind: str = Field(examples=["ccg"])
    filed_on: date
    earliest_effect: date | None = Field(
        description="first day that every binding procedure allows; null: none states a window"
    )
    procedures: list[ProcedureView]


class CriterionView(View):
    """One criterion of one procedure, and what comes of it."""

    pack: str = Field(examples=["PROC-2016"])
    weight: str
    criterion: str = Field(examples=["saves_management_costs"])
    text: str
    result: Result
    why: str


class FactorView(View):
    """A factor of the regulations, and what is put forward on it."""

    pack: str
    factor: str = Field(examples=["stewardship"])
    text: str
    evidence: list[str]


class ApplicationStepView(View):
    """What was done to an application at one instant."""

    number: int
    act: ApplicationAct
    status: ApplicationStatus
    effective_on: date = Field(description="the day applied for from then on")
    applicants: list[str]
    stated_at: datetime
    stated_by: str
    recorded_at: datetime


class ApplicationView(View):
    """An application to merge."""

    reference: str = Field(examples=["A-14Y"])
    kind: str = Field(examples=["ccg"])
    status: ApplicationStatus
    applicants: list[str] = Field(examples=[["10Y", "10H"]])
    filed_by: str = Field(examples=["10Y"])
    filed_on: date
    successor: str = Field(examples=["14Y"])
    successor_name: str = Field(examples=["NHS Buckinghamshire CCG"])
    effective_on: date = Field(description="the day applied for, or the one that it was deferred to")
    determination: Determination | None
    version: int

    @classmethod
    def fields_of(cls, application: ApplicationAsKnown) -> dict[str, object]:
        """Return what these fields show of an application."""
        said = application.said
        return {
            "reference": application.reference,
            "kind": application.kind,
            "status": application.status,
            "applicants": said.applicants,
            "filed_by": application.filed_by,
            "filed_on": application.filed_on,
            "successor": said.successor,
            "successor_name": said.successor_name,
            "effective_on": said.effective_on,
            "determination": said.determination,
            "version": application.version,
        }


class ApplicationInFullView(ApplicationView):
    """An application, all that it says, and how it does by the procedures in force when it was filed."""

    said: ApplicationContent
    earliest_effect: date | None
    procedures: list[ProcedureView]
    criteria: list[CriterionView]
    factors: list[FactorView]
    steps: list[ApplicationStepView]
    as_known: datetime | None = Field(description="null: as known now")

    @classmethod
    def appraisal_fields(cls, appraisal: Appraisal) -> dict[str, object]:
        """Return what these fields show of an appraisal."""
        return {
            "earliest_effect": appraisal.earliest_effect,
            "procedures": [ProcedureView.of(one) for one in appraisal.procedures],
            "criteria": [CriterionView.model_validate(one) for one in appraisal.criteria],
            "factors": [FactorView.model_validate(one) for one in appraisal.factors],
        }


class ApplicationWrittenView(View):
    """An application after a command."""

    reference: str = Field(examples=["A-14Y"])
    status: ApplicationStatus
    applicants: list[str]
    merger: str | None = Field(description="the merger that its approval made", examples=["M-14Y"])
    effective_on: date = Field(description="the day applied for, computed where none was named")
    version: int
