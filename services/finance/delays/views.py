"""What is shown of delays."""

from datetime import date, datetime

from pydantic import BaseModel, Field


class StopView(BaseModel):
    """A period in which the clock stands."""

    from_on: date
    until_on: date | None
    why: str


class HorizonView(BaseModel):
    """What a delay costs on one horizon, in whole pence, and in whole pounds as people say it."""

    horizon: str = Field(description="`fixed`: a year of benefit is lost. `rolling`: everything comes later.")
    monthly_pence: int
    to_date_pence: int
    monthly: str = Field(examples=["£187,800"])
    to_date: str = Field(examples=["£939,000"])


class DelayView(BaseModel):
    """A body's delay of a proposal."""

    proposal: str
    body: str
    organisation: str = Field(description="The body's; of a joint body the first of `organisations`.")
    organisations: list[str] = Field(description="Several of a joint body.")
    obstruction: str | None = Field(description="`veto` or `inertia`, where governance found one.")
    due_on: date
    months: int = Field(description="Whole calendar months since the decision was due, without lawful deferrals.")
    running: bool = Field(description="Whether the clock runs on the day.")
    stops: list[StopView]
    case: str | None
    version: int | None
    option: str | None
    costs: list[HorizonView] = Field(description="The fixed horizon first: the headline. Empty without a frozen case.")
    packs: dict[str, str]
    as_at: date
    as_known: datetime | None
    digest: str = Field(description="SHA-256 of the answer, from which the ids of its figures are made.")
