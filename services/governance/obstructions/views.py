"""Answers about obstructions."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.governance.obstructions.models import ObstructionKind

About = Annotated[str, Field(description="A proposal or a recommendation.", examples=["PR-6c0f2f0e"])]
Body = Annotated[str, Field(description="The body in the way.", examples=["14Y-governing-body"])]
Organisation = Annotated[
    str,
    Field(description="The organisation that it decides for; empty where it decides for several.", examples=["14Y"]),
]
Share = Annotated[str, Field(description="The exact fraction of the consents given; empty for inertia.")]


class ObstructionView(BaseModel):
    """A body that stands in the way of a proposal or recommendation."""

    obstruction: int
    about: About
    body: Body
    organisation: Organisation
    organisations: list[str]
    kind: ObstructionKind
    since: date
    share: Share
    due_on: date = Field(description="The last day on which a decision was in time.")
    pack: str
    found_at: datetime
    ended_on: date | None = Field(description="The first day without; null while it stands.")
    ended_by: str | None = Field(
        description="The decision or answer, or `withdrawal`, `dissolution`, `reversal` or `revision`."
    )


class DeferralView(BaseModel):
    """A lawful deferral: the time stands from its first day until the day on which it counts again."""

    from_on: date
    until_on: date | None
    reason: str = Field(description="Its lawful ground, a code.")


class CostView(BaseModel):
    """What waiting costs on one horizon, as finance published it."""

    model_config = ConfigDict(extra="ignore")

    horizon: str = Field(description="`fixed`: a year of benefit is lost. `rolling`: everything comes later.")
    months: int = Field(description="The whole months that finance priced.")
    monthly_pence: int
    to_date_pence: int
    case_reference: str
    case_version: int
    effective_on: date


class RadarView(BaseModel):
    """Who blocks what, since when and at what cost; or whose decision is lawfully deferred."""

    about: About
    body: Body
    organisation: Organisation
    organisations: list[str]
    kind: Literal["veto", "inertia", "deferred"]
    since: date
    share: Share
    due_on: date
    months: int = Field(description="Whole calendar months since it was due (of a veto: since it stands).")
    running: bool = Field(description="Whether the time runs on the day.")
    deferrals: list[DeferralView]
    costs: list[CostView] = Field(description="Empty until finance has priced the delay.")
    next_step: str
    pack: str
