"""Routes of simulations: Monte Carlo of a version of a case."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response, status

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsKnown,
    By,
    Page,
    Paging,
    Read,
    StatedAt,
    Today,
    Write,
    allowed,
    binds,
    commands_router,
    page,
    problems,
)
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from libs.common.temporal.days import WrittenDay
from services.finance.case_contents.errors import CONTENT_REFUSALS
from services.finance.cases.commands import Moment
from services.finance.cases.errors import CaseNotFound, InputNotFound
from services.finance.core.codes import Reference
from services.finance.core.errors import NoPackInForce
from services.finance.core.sight import sight_of
from services.finance.runs.queue import TooManyRuns
from services.finance.simulations import commands, queries
from services.finance.simulations.errors import SimulationNotFound, SimulationUnsound
from services.finance.simulations.terms import SimulationTerms
from services.finance.simulations.views import SimulationView

router = commands_router(tags=["Simulations"])

Lead = Annotated[Caller, allowed(Role.FINANCE_LEAD)]
Case = Annotated[Reference, Path()]
Number = Annotated[int, Path(ge=1, le=10_000, description="The number of the version.")]
SimulationId = Annotated[UUID, Path(description="The simulation, as its request returned it.")]


@router.post(
    "/cases/{case}/versions/{version}/simulations",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Simulate a version",
    responses={
        200: {"model": SimulationView, "description": "The same was requested before: that simulation."},
        **problems(
            *(CaseNotFound, InputNotFound, SimulationUnsound, NoPackInForce, *CONTENT_REFUSALS),
            *(NotYoursToDecide, RoleMissing, TooManyRuns),
        ),
    },
)
@binds("the case's organisation")
async def request_simulation(
    case: Case,
    version: Number,
    command: SimulationTerms,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    as_known: AsKnown,
    as_at: Annotated[
        WrittenDay | None,
        Query(description="The day whose rule packs a draft is appraised with; a frozen version keeps its own."),
    ] = None,
) -> SimulationView:
    """Queue a Monte Carlo simulation of an option, computed in a process of its own. Read it until it is done.

    Distributions of the case's own cells, correlated or not, give the spread of its net present value and ratio, how
    probable it is to fall below 0 or the benchmark, and what drives that. Everything that is wrong is refused at once.
    """
    moment = Moment(by, today, stated_at)
    requested = await commands.request_simulation(
        session, case, version, command, moment=moment, as_at=as_at, as_known=as_known
    )
    response.headers["Location"] = f"simulations/{requested.reference}"
    if not requested.is_new:
        response.status_code = status.HTTP_200_OK
    rows = await raw(session)
    return await queries.get_simulation(rows, case, version, requested.reference, sight=await sight_of(rows, by))


@router.get(
    "/cases/{case}/versions/{version}/simulations",
    summary="List the simulations of a version",
    responses=problems(CaseNotFound),
)
async def list_simulations(
    request: Request, case: Case, version: Number, session: Read, by: By, paging: Paging, as_known: AsKnown
) -> Page[SimulationView]:
    """List the simulations, the latest first, without their answers. Those of a draft its organisation alone reads."""
    rows = await raw(session)
    [before] = paging.key(int) or (None,)
    found = await queries.list_simulations(
        rows,
        case,
        version,
        sight=await sight_of(rows, by),
        as_known=as_known,
        before=before,
        limit=paging.fetch,
    )
    shown = page(found, key=lambda one: one[0], request=request)
    return Page[SimulationView](items=[view for _, view in shown.items], next=shown.next)


@router.get(
    "/cases/{case}/versions/{version}/simulations/{simulation}",
    summary="Read a simulation",
    responses=problems(CaseNotFound, SimulationNotFound),
)
async def get_simulation(
    case: Case, version: Number, simulation: SimulationId, session: Read, by: By, as_known: AsKnown
) -> SimulationView:
    """Return how far a simulation is, and its answer once it is done: the same seed gives the same bytes."""
    rows = await raw(session)
    sight = await sight_of(rows, by)
    return await queries.get_simulation(rows, case, version, str(simulation), sight=sight, as_known=as_known)


@router.post(
    "/cases/{case}/versions/{version}/simulations/{simulation}/cancellation",
    summary="Cancel a simulation",
    responses=problems(CaseNotFound, SimulationNotFound, NotYoursToDecide, RoleMissing),
)
@binds("the case's organisation")
async def cancel_simulation(
    case: Case,
    version: Number,
    simulation: SimulationId,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> SimulationView:
    """Cancel a simulation that is queued or running: its process is killed. One that has ended stays as it is."""
    moment = Moment(by, today, stated_at)
    await commands.cancel_simulation(session, case, version, str(simulation), moment=moment)
    rows = await raw(session)
    return await queries.get_simulation(rows, case, version, str(simulation), sight=await sight_of(rows, by))
