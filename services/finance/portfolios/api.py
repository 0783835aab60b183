"""Routes of portfolios, and of the runs that find their best plans."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Path, Request, Response, status

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    IfMatch,
    Page,
    Paging,
    Read,
    StatedAt,
    Today,
    UnreadableVersion,
    Write,
    allowed,
    binds,
    commands_router,
    etag,
    page,
    problems,
    stale,
)
from libs.common.http.problems import PreconditionMissing, StaleVersion
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from services.finance.allowances.errors import OrganisationNotKnown
from services.finance.core.errors import NoPackInForce
from services.finance.core.sight import sight_of
from services.finance.parties.errors import LensNotFound, PartyNotFound
from services.finance.portfolios import commands, errors, queries
from services.finance.portfolios.terms import Reference
from services.finance.portfolios.views import (
    ClashesView,
    CurveView,
    ExplanationView,
    PortfolioLine,
    PortfolioView,
    ProofView,
    RunView,
)
from services.finance.runs.queue import TooManyRuns

router = commands_router(tags=["Portfolios"])

Lead = Annotated[Caller, allowed(Role.FINANCE_LEAD)]
OfPath = Annotated[Reference, Path()]
_UNVALUED = (errors.ItemWithoutTerms, LensNotFound, PartyNotFound, NoPackInForce)
RunId = Annotated[UUID, Path(description="The run, as its request returned it.")]


@router.post(
    "/portfolios",
    status_code=status.HTTP_201_CREATED,
    summary="State a portfolio",
    responses=problems(
        errors.PortfolioReferenceTaken,
        errors.PortfolioUnsound,
        *_UNVALUED,
        OrganisationNotKnown,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("organisations")
async def state_portfolio(
    command: commands.StatePortfolio, response: Response, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> PortfolioView:
    """State items, budgets, limits of go-lives, dependencies, needs of suppliers, and a target. Nothing is decided yet.

    A run finds the best plan.
    """
    sight = await sight_of(await raw(session), by)
    reference = await commands.state_portfolio(session, command, by=by, sight=sight, today=today, stated_at=stated_at)
    response.headers["Location"] = f"portfolios/{reference}"
    etag(response, 1)
    return await queries.get_statement(await raw(session), reference, 1)


@router.get("/portfolios", summary="List portfolios", responses=problems())
async def list_portfolios(
    request: Request, session: Read, by: By, paging: Paging, as_at: AsAt, as_known: AsKnown
) -> Page[PortfolioLine]:
    """List the portfolios of your organisations and their predecessors, by reference; all for a national body."""
    rows = await raw(session)
    sight = await sight_of(rows, by)
    [after] = paging.key(str) or ("",)
    found = await queries.list_portfolios(
        rows, sight=sight, as_at=as_at, as_known=as_known, after=after, limit=paging.fetch
    )
    return page(found, key=lambda line: line.portfolio, request=request)


@router.get(
    "/portfolios/{reference}",
    summary="Read a portfolio",
    responses=problems(errors.PortfolioNotFound),
)
async def get_portfolio(
    reference: OfPath, response: Response, session: Read, by: By, as_at: AsAt, as_known: AsKnown
) -> PortfolioView:
    """Return a portfolio as stated, as at the day and as known at the instant. The ETag is its present version."""
    rows = await raw(session)
    view = await queries.get_portfolio(rows, reference, sight=await sight_of(rows, by), as_at=as_at, as_known=as_known)
    etag(response, await queries.get_version(rows, reference))
    return view


@router.put(
    "/portfolios/{reference}",
    summary="Restate a portfolio",
    responses=problems(
        errors.PortfolioNotFound,
        errors.PortfolioUnsound,
        *_UNVALUED,
        NotYoursToDecide,
        RoleMissing,
        StaleVersion,
        PreconditionMissing,
        UnreadableVersion,
    ),
)
@binds("the portfolio's organisations")
async def restate_portfolio(
    reference: OfPath,
    command: commands.RestatePortfolio,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    version_read: IfMatch,
) -> PortfolioView:
    """State a portfolio anew from a day on. Earlier statements, and the runs of them, stay readable."""
    rows = await raw(session)
    await commands.restate_portfolio(
        session,
        reference,
        command,
        by=by,
        sight=await sight_of(rows, by),
        today=today,
        stated_at=stated_at,
        expect=partial(stale, expected=version_read),
    )
    version = await queries.get_version(rows, reference)
    etag(response, version)
    return await queries.get_statement(rows, reference, version)


@router.post(
    "/portfolios/{reference}/runs",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Find the best plan of a portfolio",
    responses={
        200: {"model": RunView, "description": "The same inputs were requested before: that run."},
        **problems(errors.PortfolioNotFound, *_UNVALUED, NotYoursToDecide, RoleMissing, TooManyRuns),
    },
)
@binds("the portfolio's organisations")
async def request_run(
    reference: OfPath,
    command: commands.RequestRun,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    as_at: AsAt,
    as_known: AsKnown,
    stated_at: StatedAt,
) -> RunView:
    """Queue a run: the plan that is worth most under every rule, with its bound, computed in a process of its own.

    Contracts count as known at the instant; a notice that was served fixes its exit. Read the run until it is done.
    """
    rows = await raw(session)
    sight = await sight_of(rows, by)
    requested = await commands.request_run(
        session,
        reference,
        command,
        by=by,
        sight=sight,
        today=today,
        as_at=as_at,
        as_known=as_known,
        stated_at=stated_at,
    )
    response.headers["Location"] = f"../../runs/{requested.reference}"
    if not requested.is_new:
        response.status_code = status.HTTP_200_OK
    return await queries.get_run(rows, requested.reference, sight=sight)


@router.get(
    "/portfolios/{reference}/runs",
    summary="List the runs of a portfolio",
    responses=problems(errors.PortfolioNotFound),
)
async def list_runs(
    request: Request, reference: OfPath, session: Read, by: By, paging: Paging, as_at: AsAt, as_known: AsKnown
) -> Page[RunView]:
    """List the runs, the latest first, without their plans."""
    rows = await raw(session)
    sight = await sight_of(rows, by)
    [before] = paging.key(int) or (None,)
    found = await queries.list_runs(
        rows, reference, sight=sight, as_at=as_at, as_known=as_known, before=before, limit=paging.fetch
    )
    shown = page(found, key=lambda one: one[0], request=request)
    return Page[RunView](items=[view for _, view in shown.items], next=shown.next)


@router.get("/runs/{run}", summary="Read a run", responses=problems(errors.RunNotFound))
async def get_run(run: RunId, session: Read, by: By, as_known: AsKnown) -> RunView:
    """Return how far a run is, and its plan once it is done: by year and quarter, checked in whole pence."""
    rows = await raw(session)
    return await queries.get_run(rows, str(run), sight=await sight_of(rows, by), as_known=as_known)


@router.post(
    "/runs/{run}/cancellation",
    summary="Cancel a run",
    responses=problems(errors.RunNotFound, NotYoursToDecide, RoleMissing),
)
@binds("the portfolio's organisations")
async def cancel_run(run: RunId, session: Write, by: Lead, today: Today) -> RunView:
    """Cancel a run that is queued or running: its process is killed. A run that has ended stays as it is."""
    rows = await raw(session)
    sight = await sight_of(rows, by)
    await commands.cancel_run(session, str(run), by=by, sight=sight, today=today)
    return await queries.get_run(rows, str(run), sight=sight)


_OF_DONE = problems(errors.RunNotFound, errors.RunNotDone)


@router.get("/runs/{run}/explanation", summary="Read what each item would rather do", responses=_OF_DONE)
async def get_explanation(run: RunId, session: Read, by: By, as_known: AsKnown) -> ExplanationView:
    """Return for each item the year that it would like best, what that would bring, and what stands in the way."""
    rows = await raw(session)
    solved = await queries.get_solved(rows, str(run), sight=await sight_of(rows, by), as_known=as_known)
    return ExplanationView(run=str(run), items=solved.answer.explanation)


@router.get("/runs/{run}/curve", summary="Read what money is worth", responses=_OF_DONE)
async def get_curve(run: RunId, session: Read, by: By, as_known: AsKnown) -> CurveView:
    """Return the best plan's value at 80, 90, 110 and 120 % of the budgets, with a bound of each.

    Empty without budgets, or where the run was requested without it. Less than the gap between value and bound shows
    nothing.
    """
    rows = await raw(session)
    solved = await queries.get_solved(rows, str(run), sight=await sight_of(rows, by), as_known=as_known)
    return CurveView(run=str(run), points=solved.answer.curve)


@router.get("/runs/{run}/clashes", summary="Read what clashes", responses=_OF_DONE)
async def get_clashes(run: RunId, session: Read, by: By, as_known: AsKnown) -> ClashesView:
    """Return what has to give where no plan obeys the rules: money by year, go-lives, the target, in pounds.

    Dependencies, notice and suppliers never give. Whether less would do is said only where it was proven.
    """
    rows = await raw(session)
    solved = await queries.get_solved(rows, str(run), sight=await sight_of(rows, by), as_known=as_known)
    answer = solved.answer
    return ClashesView(
        run=str(run),
        verdict=answer.verdict,
        sentence=answer.sentence,
        clashes=answer.clashes,
        least=answer.clashes_are_least,
    )


@router.get("/runs/{run}/proof", summary="Read the proof of the bound", responses=_OF_DONE)
async def get_proof(run: RunId, session: Read, by: By, as_known: AsKnown) -> ProofView:
    """Return the problem in whole pence with the multipliers, from which the verified bound can be computed again."""
    rows = await raw(session)
    solved = await queries.get_solved(rows, str(run), sight=await sight_of(rows, by), as_known=as_known)
    problem = await queries.get_problem(rows, solved.row)
    return ProofView(run=str(run), digest=solved.row.digest, problem=problem, multipliers=solved.answer.multipliers)
