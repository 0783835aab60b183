"""Answers about mergers."""

from datetime import date, datetime

from pydantic import Field

from services.registry.core.kinds import MergerStatus
from services.registry.core.views import View
from services.registry.mergers.models import SchemeType


class PlanView(View):
    """A plan of a merger, as stated at one instant."""

    number: int
    status: MergerStatus
    effective_on: date
    stated_at: datetime
    stated_by: str | None = Field(description="null: for its parties")
    recorded_at: datetime


class MergerPartView(View):
    """A part of a body that continues, which passes to the successor on the merger's day."""

    code: str = Field(examples=["QNQ"])
    share: str | None = Field(description="exact; null where none is stated", examples=["1/4"])
    locations: list[str] = Field(description="the sub-ICB locations that pass", examples=[["D4U1Y"]])
    practices: list[str] = Field(description="the practices that pass", examples=[[]])
    areas: list[str] = Field(description="the areas that pass", examples=[[]])


class MergerView(View):
    """A merger of CCGs or of ICBs."""

    reference: str = Field(examples=["M-14Y"])
    kind: str = Field(description="what merges: `ccg` or `icb`", examples=["ccg"])
    successor: str = Field(examples=["14Y"])
    successor_name: str = Field(examples=["NHS Buckinghamshire CCG"])
    predecessors: list[str] = Field(examples=[["10Y", "10H"]])
    parts: list[MergerPartView] = Field(description="parts of bodies that continue", examples=[[]])
    status: MergerStatus
    effective_on: date = Field(examples=["2018-04-01"])
    rule_pack: str = Field(description="the rule pack that it was agreed under", examples=["ccg-merger-s14g-2012"])
    application: str | None = Field(description="the application that was approved, where there is one")
    version: int


class MergerListedView(MergerView):
    """A merger in a list."""

    overdue: bool = Field(description="its day has come and it has not taken effect")


class PauseView(View):
    """A statement that what a transfer scheme moves waits from a day on, or continues."""

    suspended: bool = Field(description="false: it continues")
    effective_on: date = Field(examples=["2018-06-01"])
    reason: str = Field(description="a term of the packs", examples=["consultation_paused"])
    words: str | None = Field(description="null: for its parties")
    document: str | None = Field(description="null: for its parties")
    stated_at: datetime
    stated_by: str | None = Field(description="null: for its parties")


class SchemeView(View):
    """A transfer scheme, or a nil return."""

    reference: str = Field(examples=["M-14Y-P1"])
    sort: SchemeType
    predecessors: list[str] = Field(description="from whom", examples=[["10Y", "10H"]])
    successor: str = Field(description="to whom", examples=["14Y"])
    nil_return: bool
    made_on: date
    suspended_on: date | None = Field(description="since when what it moves waits; null: it does not", examples=[None])
    pauses: list[PauseView] = Field(description="when it was suspended and resumed", examples=[[]])
    stated_at: datetime
    stated_by: str | None = Field(description="null: for its parties")


class ConditionView(View):
    """A condition of an approval; null fields: there is no evidence yet. Its words are for the merger's parties."""

    number: int
    condition: str = Field(description="a term of the packs", examples=["constitution"])
    text: str | None = Field(description="null: for its parties")
    met_on: date | None
    evidence_type: str | None = Field(description="a term of the packs", examples=["minute"])
    evidence: str | None = Field(description="null also: for its parties")
    evidenced_at: datetime | None
    evidenced_by: str | None = Field(description="null also: for its parties")


class LackView(View):
    """A reason against a merger, and the field that it is about."""

    message: str = Field(examples=["no staff transfer scheme or nil return of 10Y"])
    field: str | None = Field(examples=["schemes.staff"])


class MissingView(LackView):
    """What a merger still needs, and who can record it."""

    roles: list[str] = Field(description="who records it has one of these roles", examples=[["governance_lead"]])
    organisations: list[str] = Field(description="and acts for all of these", examples=[["10Y"]])


class ReadinessView(View):
    """What is ready and missing before a merger can take effect."""

    merger: str = Field(examples=["M-14Y"])
    status: MergerStatus
    effective_on: date
    ready: bool = Field(description="nothing is missing")
    overdue: bool = Field(description="its day has come and it has not taken effect")
    missing: list[MissingView]
    conditions: list[ConditionView]
    schemes: list[SchemeView]
    rule_pack: str
    as_at: date
    as_known: datetime | None = Field(description="null: as known now")


class MergerInFullView(MergerListedView):
    """A merger with all its plans, slips included, what is ready and what is missing."""

    plans: list[PlanView]
    missing: list[MissingView] = Field(description="what it still needs before it takes effect")
    conditions: list[ConditionView]
    schemes: list[SchemeView]
