"""Routes about how many people a body serves."""

from datetime import date, datetime
from typing import Annotated

from fastapi import Query
from pydantic import Field

from libs.common.events.registry import PopulationPublished
from libs.common.web import AsAt, AsKnown, By, Rows, StatedAt, Write, commands_router, problems
from services.registry import answers, publications
from services.registry.api.organisations import CodeInPath, Registrar
from services.registry.api.views import View
from services.registry.carried_populations import Population, populations_of
from services.registry.errors import OrganisationNotFound, SourceRefused
from services.registry.populations import Count
from services.registry.standings import get_organisation_to_change

router = commands_router(tags=["Populations"])


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


class PublishedView(View):
    """A population that was put on record."""

    code: str
    basis: str
    people: int
    effective_on: date
    stated_at: datetime
    source: str = Field(description="empty: the registrar's own word")
    rank: int


@router.post(
    "/organisations/{code}/populations",
    status_code=201,
    response_model=PublishedView,
    summary="Publish a population",
    responses=problems(OrganisationNotFound, SourceRefused),
)
async def publish_population(
    code: CodeInPath, command: publications.PublishPopulation, session: Write, by: Registrar, stated_at: StatedAt
) -> PopulationPublished:
    """State how many people it has on a day, counted in one way, by a source.

    Others hear the number exactly, whole people, and decide what follows from it, such as a tariff tier. What other
    sources say stays, and is shown beside it.
    """
    organisation = await get_organisation_to_change(session, code)
    return await publications.publish_population(session, organisation, command, by=by, stated_at=stated_at)


@router.get(
    "/organisations/{code}/populations",
    response_model=PopulationsView,
    summary="How many people it serves",
    responses=problems(OrganisationNotFound),
)
async def get_populations(
    code: CodeInPath,
    rows: Rows,
    _: By,
    as_at: AsAt,
    as_known: AsKnown,
    basis: Annotated[
        str | None, Query(description="only counted in this way", pattern="^[a-z_]{1,40}$", examples=["registered"])
    ] = None,
) -> PopulationsView:
    """Its people as at a day, as known at an instant: what rules, and what every source says.

    Where nobody counted the body itself, its predecessors' sum is given and marked as carried; where one of them was
    not counted either, no number is given.
    """
    await answers.get_organisation(rows, code, as_at=as_at, as_known=as_known)
    found = await populations_of(rows, code, as_at=as_at, as_known=as_known)
    shown = [_view(one) for one in found if basis in (None, one.basis)]
    return PopulationsView(code=code, as_at=as_at, as_known=as_known, populations=shown)


def _view(population: Population) -> PopulationView:
    ruling = population.counts[0] if population.counts else None
    return PopulationView(
        basis=population.basis,
        people=population.people,
        carried=population.carried,
        effective_on=ruling.effective_on if ruling else None,
        source=ruling.source if ruling else None,
        sources=[_count(count, rules=count is ruling) for count in population.counts],
        parts=[
            PartView(
                code=part.code,
                people=part.count.people if part.count else None,
                effective_on=part.count.effective_on if part.count else None,
                source=part.count.source if part.count else None,
            )
            for part in population.parts
        ],
    )


def _count(count: Count, *, rules: bool) -> CountView:
    return CountView(
        people=count.people,
        effective_on=count.effective_on,
        source=count.source,
        rank=count.rank,
        stated_at=count.stated_at,
        rules=rules,
    )
