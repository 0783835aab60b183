"""What the routes about populations answer."""

from datetime import date, datetime

from pydantic import Field

from services.registry.core.views import View


class CountView(View):
    """What one source says last of the day asked about."""

    people: int = Field(examples=[250_000])
    effective_on: date = Field(description="the day of the count")
    source: str = Field(examples=["ons:mid-2019 estimates"])
    rank: int = Field(description="a higher one rules where sources differ")
    stated_at: datetime
    rules: bool = Field(description="whether it is the one that the answer follows")


class PartView(View):
    """What one predecessor brings to a carried population."""

    code: str = Field(examples=["10H"])
    people: int | None = Field(description="null: not counted, or only a share of the body went over")
    effective_on: date | None
    source: str | None


class PopulationView(View):
    """A body's people counted in one way."""

    basis: str = Field(examples=["registered"])
    people: int | None = Field(description="null: some predecessor was not counted, and nothing is guessed")
    carried: bool = Field(description="whether it is the sum of the predecessors, for want of a count of its own")
    effective_on: date | None = Field(description="the day of the count that rules; null where it is carried")
    source: str | None = Field(description="whose count rules; null where it is carried")
    sources: list[CountView] = Field(description="what every source says, the one that rules first")
    parts: list[PartView] = Field(description="the predecessors of a carried one")


class PopulationsView(View):
    """A body's populations as at a day, as known at an instant."""

    code: str
    as_at: date
    as_known: datetime | None = Field(description="null: as known now")
    populations: list[PopulationView]


class CountStatementView(View):
    """One count, as it was put on record."""

    id: int = Field(description="its place in what was put on record")
    basis: str
    people: int
    effective_on: date = Field(description="the day of the count")
    source: str
    rank: int
    stated_at: datetime
    recorded_by: str
    recorded_at: datetime


class PublishedView(View):
    """A population that was put on record."""

    code: str
    basis: str
    people: int
    effective_on: date
    stated_at: datetime
    source: str = Field(description="empty: the registrar's own word")
    rank: int
