"""Routes about the chart of accounts, mappings, postings and closes."""

from typing import Annotated

from fastapi import Query, Request, Response, status

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
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
from libs.common.http.problems import refusal
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from libs.common.money import pounds
from services.finance.accounts import commands, errors, queries
from services.finance.accounts.rules import Period, chart_on
from services.finance.accounts.views import (
    AccountMappingView,
    AccountView,
    ChartView,
    CloseView,
    EliminationsView,
    MappedView,
    PostedView,
    PostingView,
)
from services.finance.allowances.errors import OrganisationNotKnown
from services.finance.core.sight import sight_of
from services.finance.edge import OfOne, OneCode, SeveralCodes

router = commands_router(tags=["Accounts"])

Lead = Annotated[Caller, allowed(Role.FINANCE_LEAD)]
From = Annotated[commands.PeriodText, Query(description="The first month.")]
To = Annotated[commands.PeriodText, Query(description="The last month.")]


@router.get("/accounts", summary="Get the national chart of accounts", responses=problems())
async def get_accounts(_: By, as_at: AsAt, as_known: AsKnown) -> ChartView:
    """Return every account of the chart in force on a day, with its pack; none before the first chart."""
    chart = chart_on(as_at, as_known=as_known)
    accounts = [
        AccountView(code=one.code, title=one.title, kind=one.kind, budget=one.budget) for one in chart.accounts.values()
    ]
    return ChartView(pack=chart.pack, citation=chart.citation, accounts=accounts, as_at=as_at, as_known=as_known)


@router.get("/account-mappings", summary="List the accounts of local codes", responses=problems())
async def list_account_mappings(
    request: Request, organisation: OfOne, session: Read, by: By, paging: Paging, as_at: AsAt, as_known: AsKnown
) -> Page[AccountMappingView]:
    """List a body's local codes with their accounts on a day, as known, for those who act for it."""
    rows = await raw(session)
    [after] = paging.key(str) or (None,)
    seen = (await sight_of(rows, by)).sees(organisation)
    found = (
        await queries.list_mappings(rows, organisation, as_at=as_at, as_known=as_known, after=after, limit=paging.fetch)
        if seen
        else []
    )
    return page(found, key=lambda one: one.local_code, request=request)


@router.post(
    "/account-mappings",
    status_code=201,
    summary="Map local codes to the national chart",
    responses=problems(RoleMissing, NotYoursToDecide, OrganisationNotKnown, errors.AccountUnknown),
)
@binds("organisation")
async def map_accounts(
    command: commands.MapAccounts, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> MappedView:
    """State which accounts local codes are on which days. Each supersedes what was stated before of its days."""
    await commands.map_accounts(session, command, by=by, today=today, stated_at=stated_at)
    return MappedView(organisation=command.organisation, stated=len(command.mappings), stated_at=stated_at)


@router.get("/postings", summary="List postings", responses=problems())
async def list_postings(
    request: Request,
    organisation: OfOne,
    period: Annotated[commands.PeriodText, Query()],
    session: Read,
    by: By,
    paging: Paging,
    as_known: AsKnown,
) -> Page[PostingView]:
    """List a body's postings of a month with their accounts, as known, in the order in which they were taken."""
    rows, month = await raw(session), Period.parse(period)
    [after] = paging.key(int) or (None,)
    days = {"from_": month.first_day, "to": month.last_day}
    seen = (await sight_of(rows, by)).sees(organisation)
    found = (
        await queries.list_postings(rows, organisation, **days, as_known=as_known, after=after, limit=paging.fetch)
        if seen
        else []
    )
    return page(found, key=lambda one: one.id, request=request)


@router.post(
    "/postings",
    status_code=201,
    summary="Post to a ledger in bulk",
    responses={
        200: {"model": PostedView, "description": "The same postings were taken before under this reference."},
        **problems(RoleMissing, NotYoursToDecide, OrganisationNotKnown, errors.BatchTaken, errors.PeriodClosed),
    },
)
@binds("organisation")
async def post_ledger(
    command: commands.PostLedger, response: Response, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> PostedView:
    """Take postings on a body's own codes, all or none. They need no account yet: the close does.

    The same postings under the same reference change nothing.
    """
    done = await commands.post_ledger(session, command, by=by, today=today, stated_at=stated_at)
    if not done.is_new:
        response.status_code = status.HTTP_200_OK
    return PostedView(
        organisation=command.organisation,
        reference=command.reference,
        postings=done.postings,
        total_pence=done.total_pence,
        total=pounds(done.total_pence),
        stated_at=done.stated_at,
    )


@router.get("/closes", summary="List closed periods", responses=problems())
async def list_closes(
    request: Request, session: Read, by: By, paging: Paging, as_known: AsKnown, organisation: OneCode = None
) -> Page[CloseView]:
    """List the closed periods of your organisations and their predecessors, with the sum of each account."""
    rows = await raw(session)
    sight = await sight_of(rows, by)
    codes = sight.among(None if organisation is None else [organisation])
    found = await queries.list_closes(
        rows, codes=codes, as_known=as_known, after=paging.key(str, str, str), limit=paging.fetch
    )
    return page(found, key=lambda one: (one.organisation, one.period, one.series), request=request)


@router.post(
    "/closes",
    status_code=201,
    response_model=CloseView,
    summary="Close a period",
    responses=problems(
        RoleMissing,
        NotYoursToDecide,
        OrganisationNotKnown,
        errors.CloseBlocked,
        errors.NothingPosted,
        errors.PeriodClosed,
    ),
)
@binds("organisation")
async def close_ledger(
    command: commands.CloseLedger, request: Request, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> CloseView | Response:
    """Sum a month by account and close it: statutory, of the body itself; management, of all that lies with it today.

    A close is refused where a local code has no account on the day of a posting: `reasons` lists each with its body,
    amount and number of postings, and the refusal is published.
    """
    blocked = await commands.close_ledger(session, command, by=by, today=today, stated_at=stated_at)
    if blocked is not None:
        return refusal(request.url.path, blocked)
    closes = await queries.list_closes(await raw(session), codes=[command.organisation], as_known=None)
    return next(one for one in closes if (one.period, one.series) == (command.period, command.series))


@router.get("/eliminations", summary="Match what bodies of a lens posted with each other", responses=problems())
async def get_eliminations(
    organisations: SeveralCodes, period_from: From, period_to: To, session: Read, by: By, as_known: AsKnown
) -> EliminationsView:
    """Return for each pair of bodies what both agree on, which cancels out between them, and what does not match.

    Bodies for which you do not act are left out.
    """
    rows = await raw(session)
    return await queries.get_eliminations(
        rows,
        organisations,
        sight=await sight_of(rows, by),
        period_from=Period.parse(period_from),
        period_to=Period.parse(period_to),
        as_known=as_known,
    )
