"""The content of an application to merge: documents, factors with their evidence, views, costs, judgements."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StringConstraints

from libs.common.codes import ANY_CASE, Folded, as_code
from services.registry.clusters.commands import CLUSTER
from services.registry.core.codes import Code, Day, Name, Words
from services.registry.mergers.conditions import ApprovalCondition

Applicant = Annotated[str, Folded(f"{ANY_CASE}|{CLUSTER.form}", as_code.words)]
"""An ODS code; or the reference of a cluster, which is refused with a reason."""
FactorId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,60}$")]
Pence = Annotated[int, Field(strict=True, ge=0, le=10**13)]


class FactorEvidence(BaseModel):
    """The evidence for one factor of the regulations."""

    model_config = ConfigDict(extra="forbid")

    factor: FactorId = Field(examples=["stewardship"])
    evidence: Words = Field(examples=["Audit committees of both CCGs, 12 May"])


class MemberViews(BaseModel):
    """The support and the views of the member practices of one applicant. They need not approve."""

    model_config = ConfigDict(extra="forbid")

    organisation: Code = Field(description="the applicant whose members these are", examples=["10Y"])
    support: Words = Field(examples=["86 % of the practices that voted"])
    views: Words = Field(examples=["Concern about local engagement"])
    recorded_on: Day = Field(examples=["2019-09-10"])


class Content(BaseModel):
    """The part of an application that can be edited."""

    model_config = ConfigDict(extra="forbid")

    successor_name: Name = Field(examples=["NHS Buckinghamshire CCG"])
    effective_on: Day | None = Field(
        default=None,
        description="the day applied for; if left out, the first one that the procedures in force allow",
        examples=["2018-04-01"],
    )
    constitution: Words | None = Field(
        default=None, description="where to find the proposed constitution", examples=["https://example.org/c"]
    )
    accountable_officer: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,39}$")] | None = Field(
        default=None,
        description="the id of the proposed accountable officer in governance, which has the name",
        examples=["P-1"],
    )
    documents: list[Words] = Field(default=[], max_length=50, description="other documents that NHS England specified")
    factors: list[FactorEvidence] = Field(default=[], max_length=50)
    member_views: list[MemberViews] = Field(default=[], max_length=100)
    planned_management_cost_pence: Pence | None = Field(default=None, description="GBP pence a year")
    management_cost_baseline_pence: Pence | None = Field(
        default=None, description="GBP pence a year: present management cost, as its source states it"
    )
    baseline_source: Words | None = Field(default=None, examples=["Running-cost allowance 2016-17"])


class Dossier(Content):
    """The content of an application, apart from who files it."""

    successor: Code = Field(description="a code never used before, or one that was proposed", examples=["14Y"])


class JudgementOf(BaseModel):
    """NHS England's judgement by one criterion."""

    model_config = ConfigDict(extra="forbid")

    criterion: FactorId = Field(examples=["logical_footprint"])
    passes: StrictBool = Field(description="whether the application meets it", examples=[True])
    reasons: Words = Field(examples=["The footprint of the two is that of the STP"])


class Joined(BaseModel):
    """An applicant that joined later, and when NHS England agreed to it (s.14B)."""

    applicant: str
    agreed_on: Day


def _of_earlier_steps(conditions: Any) -> Any:
    """Accept the conditions of steps before November 2026, which had words and no terms."""
    return [{"condition": "other", "words": one} if isinstance(one, str) else one for one in conditions]


class Determination(BaseModel):
    """NHS England's decision."""

    outcome: str
    decided_on: Day
    reasons: list[str] = []
    conditions: Annotated[list[ApprovalCondition], BeforeValidator(_of_earlier_steps)] = []
    deferred_to: Day | None = None
    merger: str | None = None


class ApplicationContent(Dossier):
    """The content of an application after one step."""

    applicants: list[str]
    effective_on: Day
    day_named: bool = True
    """Whether the day of effect was named; if not, it is the first one that the procedures of the filing day allow."""
    agreed: list[str] | None = None
    """The applicants that have agreed to this content, each by its own act; None in steps from before: all of them."""
    filed_on: Day | None = None
    """The day on which all applicants had agreed; None in steps from before: the day of the first step."""
    joined: list[Joined] = []
    judgements: list[JudgementOf] = []
    determination: Determination | None = None

    @property
    def lacking(self) -> list[str]:
        """The applicants that have not agreed to this content."""
        return [] if self.agreed is None else [code for code in self.applicants if code not in self.agreed]

    @property
    def never_filed(self) -> bool:
        """Whether at no time all of its applicants had agreed to it."""
        return self.agreed is not None and self.filed_on is None

    def dump(self) -> dict[str, Any]:
        """Return it as JSON."""
        return self.model_dump(mode="json")
