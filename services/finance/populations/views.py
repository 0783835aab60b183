"""What is shown of the populations of a footprint."""

from datetime import date, datetime

from pydantic import BaseModel, Field


class MemberCountView(BaseModel):
    """The count of a member's people that has precedence on the day."""

    organisation: str
    people: int | None = Field(description="null: not counted by the day.")
    counted_on: date | None
    source: str | None
    stated_at: datetime | None


class FootprintPopulationView(BaseModel):
    """How many people the members of a footprint have on a day, as known at an instant."""

    footprint: str = Field(examples=["QE1"])
    basis: str = Field(examples=["registered"])
    people: int = Field(description="Of the members that were counted.")
    members: list[MemberCountView] = Field(description="Its parts on the day, by code.")
    uncounted: list[str]
    as_at: date
    as_known: datetime | None
