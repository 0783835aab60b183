"""Routes about populations: how many people an organisation serves."""

from typing import Annotated

from fastapi import Query, Request

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
    binds,
    commands_router,
    page,
    problems,
)
from libs.common.http.paging import UnreadableCursor
from services.registry.core import queries as answers
from services.registry.core.change import get_organisation_to_change
from services.registry.core.errors import OrganisationNotFound, SourceRefused
from services.registry.edge import CodeInPath, Registrar, Seeing
from services.registry.populations import commands
from services.registry.populations.errors import LocalAuthorityRefused
from services.registry.populations.queries import by_authority, list_statements, populations_of
from services.registry.populations.views import CountStatementView, PopulationsView, PublishedView

router = commands_router(tags=["Populations"])


Basis = Annotated[
    str | None, Query(description="only on this basis", pattern="^[a-z_]{1,40}$", examples=["registered"])
]


@router.post(
    "/organisations/{code}/populations",
    status_code=201,
    response_model=PublishedView,
    summary="Publish a population",
    responses=problems(OrganisationNotFound, SourceRefused, LocalAuthorityRefused),
)
@binds("{code}")
async def publish_population(
    code: CodeInPath, command: commands.PublishPopulation, session: Write, by: Registrar, stated_at: StatedAt
) -> PopulationPublished:
    """State how many people an organisation has on a day, by one basis and one source.

    With `local_authority` it counts those of them who live there: lists of commissioners by authority, and the people
    of the authority itself (`resident`), are what finance moderates allowances by.

    The event has the exact number, and its consumers decide what follows from it, such as a tariff tier. The counts
    of other sources stay visible beside it.
    """
    organisation = await get_organisation_to_change(session, code, by=by)
    return await commands.publish_population(session, organisation, command, by=by, stated_at=stated_at)


@router.get(
    "/organisations/{code}/populations",
    response_model=PopulationsView,
    summary="Get the populations of an organisation",
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
    """Return its populations as at a day, as known at an instant: the count that rules, and that of every source.

    An organisation that no source counted has the sum of its predecessors, marked as carried; where one of them was
    not counted either, the number is null.
    """
    await answers.get_organisation(rows, code, as_at=as_at, as_known=as_known)
    found = await populations_of(rows, code, as_at=as_at, as_known=as_known)
    populations = [one for one in found if basis in (None, one.basis)]
    parts = await by_authority(rows, code, as_at=as_at, as_known=as_known)
    return PopulationsView(
        code=code,
        as_at=as_at,
        as_known=as_known,
        populations=populations,
        by_authority=[one for one in parts if basis in (None, one.basis)],
    )


@router.get(
    "/organisations/{code}/populations/statements",
    response_model=Page[CountStatementView],
    summary="List every count of its population",
    responses=problems(OrganisationNotFound, UnreadableCursor),
)
async def list_population_statements(
    code: CodeInPath,
    request: Request,
    rows: Rows,
    sight: Seeing,
    paging: Paging,
    today: Today,
    as_known: AsKnown,
    basis: Basis = None,
) -> Page[CountStatementView]:
    """List every count of every source, ordered by when it was recorded: a series to work with."""
    await answers.get_organisation(rows, code, as_at=today, as_known=as_known)
    [after] = paging.key(int) or (None,)
    said = await list_statements(
        rows, code, sight=sight, basis=basis, as_known=as_known, after=after, limit=paging.fetch
    )
    return page(said, key=lambda one: one.id, request=request)
