"""Answers about virements."""

from datetime import date, datetime

from pydantic import BaseModel, Field


class MovedLineView(BaseModel):
    """One move of a virement."""

    from_line: str
    to_line: str
    amount_pence: int
    organisation: str
    function: str


class VirementView(BaseModel):
    """Amounts that were moved between lines of one year, together."""

    virement: str
    financial_year: str
    effective_on: date
    moves: list[MovedLineView]
    amount_pence: int
    authority: str | None = Field(description="The decision right under which it was made.")
    decision: str | None
    pack: str | None = Field(description="The rule pack that allowed it.")
    takes_back: str | None = Field(
        description="The virement that this one takes back, because the decision that it names was reversed."
    )
    taken_back_by: str | None = Field(description="The virement by which this one was taken back.")
    stated_at: datetime
