"""Answers about savings."""

from datetime import date, datetime

from pydantic import BaseModel, Field


class ClaimView(BaseModel):
    """A claim of a saving on what a line falls by."""

    claim: str = Field(examples=["C-1"])
    line: str
    asked_pence: int
    realised_pence: int
    refused_pence: int = Field(description="What others had claimed already, or the line had not fallen by.")
    refused: str
    waiting_pence: int = Field(description="What waits for a reduction of the line.")
    stated_at: datetime


class YearlySavingView(BaseModel):
    """What an initiative saves a body in one function and year, from the forecast to what was realised."""

    initiative: str
    organisation: str
    managed_by: str = Field(description="The body of today: who took this one over, on the boundaries of the day.")
    function: str
    financial_year: str
    recurrent: bool
    owner: str | None = Field(description="The post that owns it.")
    baseline_pence: int | None
    line: str | None
    forecast_pence: int | None = Field(description="What counts as a saving; null where nothing was forecast.")
    forecast_gross_pence: int | None = Field(description="Before what it costs elsewhere in the footprint.")
    contracted_pence: int | None
    budget_reduced_pence: int = Field(description="What the claimed lines fell by after it was stated, still in force.")
    realised_pence: int
    realised: str
    refused_pence: int
    due_pence: int = Field(description="What of it is due by the day, by its phasing.")
    slippage_pence: int = Field(description="What is due and not realised.")
    rating: str = Field(description="`green`, `amber`, `red` by the rule pack; `not_due` where nothing is due.")
    cost_shift: bool = Field(description="What is saved here is, in whole or in part, a cost elsewhere.")
    elsewhere: dict[str, int] = Field(description="What it costs others of the footprint, in pence.")
    claims: list[ClaimView]
    cause: str | None = Field(
        description="What the latest statement follows from: a plan and its revision, a case and its digest."
    )
    stated_at: datetime


class InitiativeSavingsView(BaseModel):
    """The savings of an initiative, by body, function and year."""

    initiative: str
    forecast_pence: int
    contracted_pence: int
    realised_pence: int
    realised: str
    savings: list[YearlySavingView]
    pack: str | None
    as_at: date
    as_known: datetime | None
    digest: str = Field(description="SHA-256 of the answer, from which the ids of its figures are made.")


class RateView(BaseModel):
    """What of forecast savings of a function was realised, in years that have ended."""

    function: str
    count: int
    rate: str = Field(description="The sum realised of the sum forecast, exact.")
    percent: str = Field(examples=["70.00"])
    lowest: str
    median: str
    highest: str
