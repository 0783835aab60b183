"""What is shown of funds."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field


class FundLineView(BaseModel):
    """What one organisation has of a fund for a purpose in a year."""

    line: str
    organisation: str
    financial_year: str
    purpose: str
    recurrent: bool
    carries_over: bool
    schemes: list[str] = Field(description="The schemes that ask for it; each stands under one line.")
    allocated_pence: int
    drawn_pence: int = Field(description="By the day, less what was taken back.")
    left_pence: int


class FundSumView(BaseModel):
    """The sum of lines of one year and purpose; recurrent and non-recurrent money are never added up."""

    financial_year: str
    purpose: str
    recurrent: bool
    allocated_pence: int
    drawn_pence: int


class ContributionView(BaseModel):
    """What a member of a pool pays of what is allocated."""

    organisation: str
    share: str
    amount_pence: int


class PoolView(BaseModel):
    """The agreement that pools a fund."""

    instrument: str
    host: str
    effective_on: date
    ends_on: date | None
    contributions: list[ContributionView] = Field(description="Of what all lines have; they sum to the penny.")


class FundFindingView(BaseModel):
    """A draw that by what is known does not hold, though it did when it was made."""

    kind: Literal["drawn_after_the_pool", "recurrent_cost_unfunded"] = Field(
        description="`drawn_after_the_pool`: the agreement that pools the fund, or its earlier end, was heard later. "
        "`recurrent_cost_unfunded`: what paid for the case's recurrent cost was taken back."
    )
    draw: str
    line: str
    organisation: str
    amount_pence: int = Field(description="What was drawn too late, or what is unfunded a year.")
    sentence: str = Field(examples=["STF-D3 drew £500.00 on 2018-01-15, after the pool had ended on 2017-12-31"])


class FundView(BaseModel):
    """A fund as at a day, as known at an instant: the lines that you read."""

    fund: str
    holder: str
    title: str
    recurrent_pence: int = Field(description="The recurrent money of these lines.")
    non_recurrent_pence: int
    total_pence: int = Field(description="What is asked for in all: each scheme is counted once.")
    sums: list[FundSumView]
    lines: list[FundLineView]
    findings: list[FundFindingView] = Field(description="Draws that do not hold any longer; taking them back ends it.")
    pool: PoolView | None = Field(description="null where no agreement pools it on the day.")
    as_at: date
    as_known: datetime | None


class AttachedSavingView(BaseModel):
    """A recurrent saving of a budget line that pays for a recurrent cost."""

    budget_line: str
    amount_pence: int


class DrawView(BaseModel):
    """What was drawn, and whether it was taken back."""

    draw: str
    fund: str
    line: str
    organisation: str
    case: str
    case_version: int
    amount_pence: int
    amount: str
    drawn_on: date
    recurrent_cost_pence: int = Field(
        description="A year: what the case's preferred option added to business as usual when it was drawn."
    )
    recurrent_savings: list[AttachedSavingView]
    decision: str | None
    reversed_on: date | None
    reversed_because: str | None = Field(description="Id of the event or request that took it back.")
    stated_at: datetime
    event: str = Field(description="Id of the FundDrawn event.")
