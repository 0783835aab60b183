"""Answers about populations."""

from datetime import date, datetime

from pydantic import Field

from services.registry.core.views import View


class CountView(View):
    """The latest count of one source for the day."""

    people: int = Field(examples=[250_000])
    effective_on: date = Field(description="the day of the count")
    source: str = Field(examples=["ons:mid-2019 estimates"])
    rank: int = Field(description="of counts of one day the higher one has precedence")
    stated_at: datetime
    rules: bool = Field(description="whether `people` is this count")


class PartView(View):
    """The part of one predecessor in a carried population."""

    code: str = Field(examples=["10H"])
    people: int | None = Field(description="null: not counted, or only a share of it passed to the successor")
    effective_on: date | None
    source: str | None


class PopulationView(View):
    """The population of an organisation by one basis."""

    basis: str = Field(examples=["registered"])
    people: int | None = Field(description="null: some predecessor was not counted; a number is never guessed")
    carried: bool = Field(
        description="whether it is the sum of the predecessors, because no source counted the organisation"
    )
    effective_on: date | None = Field(description="the day of the count that rules; null where it is carried")
    source: str | None = Field(description="the source of the count that rules; null where it is carried")
    sources: list[CountView] = Field(description="the count of every source, the one that rules first")
    parts: list[PartView] = Field(description="the predecessors of a carried one")


class AuthorityCountView(View):
    """The people of an organisation who live in one local authority, as counted by the source that rules."""

    basis: str = Field(examples=["registered"])
    local_authority: str = Field(description="its code", examples=["10C"])
    people: int = Field(examples=[64_100])
    effective_on: date = Field(description="the day of the count")
    source: str = Field(examples=["nhse:lists by authority"])
    rank: int = Field(description="of counts of one day the higher one has precedence")
    stated_at: datetime


class PopulationsView(View):
    """A body's populations as at a day, as known at an instant."""

    code: str
    as_at: date
    as_known: datetime | None = Field(description="null: as known now")
    populations: list[PopulationView]
    by_authority: list[AuthorityCountView] = Field(
        description="those who live in each local authority, where they were counted so; no part of `populations`"
    )


class CountStatementView(View):
    """One count, as it was recorded."""

    id: int = Field(description="its number among all that was recorded")
    basis: str
    local_authority: str | None = Field(description="null: all people were counted, wherever they live")
    people: int
    effective_on: date = Field(description="the day of the count")
    source: str
    rank: int
    stated_at: datetime
    recorded_by: str | None = Field(description="null: for who acts for the organisation")
    recorded_at: datetime


class PublishedView(View):
    """A population that was recorded."""

    code: str
    basis: str
    local_authority: str = Field(description="empty: all people were counted, wherever they live")
    people: int
    effective_on: date
    stated_at: datetime
    source: str = Field(description="empty: stated by the registrar")
    rank: int
