"""Routes about how many people a body serves."""

from datetime import date, datetime
from typing import Annotated

from fastapi import Query, Request
from pydantic import Field

from libs.common.events.registry import PopulationPublished
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Page,
    Paging,
    Rows,
    StatedAt,
    Today,
    Write,
    commands_router,
    page,
    problems,
)
from libs.common.http.paging import UnreadableCursor
from services.registry.core import queries as answers
from services.registry.core.change import get_organisation_to_change
from services.registry.core.errors import OrganisationNotFound, SourceRefused
from services.registry.core.views import View
from services.registry.edge import CodeInPath, Registrar
from services.registry.populations import commands
from services.registry.populations.queries import Count, Population, list_statements, populations_of

router = commands_router(tags=["Populations"])


Basis = Annotated[
    str | None, Query(description="only counted in this way", pattern="^[a-z_]{1,40}$", examples=["registered"])
]


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


@router.post(
    "/organisations/{code}/populations",
    status_code=201,
    response_model=PublishedView,
    summary="Publish a population",
    responses=problems(OrganisationNotFound, SourceRefused),
)
async def publish_population(
    code: CodeInPath, command: commands.PublishPopulation, session: Write, by: Registrar, stated_at: StatedAt
) -> PopulationPublished:
    """State how many people it has on a day, counted in one way, by a source.

    Others hear the number exactly, whole people, and decide what follows from it, such as a tariff tier. What other
    sources say stays, and is shown beside it.
    """
    organisation = await get_organisation_to_change(session, code)
    return await commands.publish_population(session, organisation, command, by=by, stated_at=stated_at)


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
    basis: Basis = None,
) -> PopulationsView:
    """Its people as at a day, as known at an instant: what rules, and what every source says.

    Where nobody counted the body itself, its predecessors' sum is given and marked as carried; where one of them was
    not counted either, no number is given.
    """
    await answers.get_organisation(rows, code, as_at=as_at, as_known=as_known)
    found = await populations_of(rows, code, as_at=as_at, as_known=as_known)
    shown = [_view(one) for one in found if basis in (None, one.basis)]
    return PopulationsView(code=code, as_at=as_at, as_known=as_known, populations=shown)


@router.get(
    "/organisations/{code}/populations/statements",
    response_model=Page[CountStatementView],
    summary="Everything that was said of its people",
    responses=problems(OrganisationNotFound, UnreadableCursor),
)
async def list_population_statements(
    code: CodeInPath,
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    today: Today,
    as_known: AsKnown,
    basis: Basis = None,
) -> Page[CountStatementView]:
    """Every count of every source, whole, in the order in which it was put on record: a series to work with."""
    await answers.get_organisation(rows, code, as_at=today, as_known=as_known)
    [after] = paging.key(int) or (None,)
    said = await list_statements(rows, code, basis=basis, as_known=as_known, after=after, limit=paging.fetch)
    return page([CountStatementView.model_validate(one) for one in said], key=lambda one: one.id, request=request)


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
