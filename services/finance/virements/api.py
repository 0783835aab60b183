"""Routes about virements."""

from typing import Annotated

from fastapi import Query, Request, status

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
from services.finance.budgets import errors as lines
from services.finance.core.sight import sight_of
from services.finance.decisions.errors import BY_DECISION
from services.finance.edge import OneCode, OneYear
from services.finance.virements import commands, errors, queries
from services.finance.virements.views import VirementView

router = commands_router(tags=["Virements"])

Lead = Annotated[Caller, allowed(Role.FINANCE_LEAD)]


@router.get("/virements", summary="List virements", responses=problems())
async def list_virements(
    request: Request,
    session: Read,
    by: By,
    paging: Paging,
    as_known: AsKnown,
    organisation: OneCode = None,
    year: OneYear = None,
    as_at: Annotated[WrittenDay | None, Query(description="Only those that hold on this day.")] = None,
) -> Page[VirementView]:
    """List virements out of lines of your organisations and their predecessors, in the order in which they were made.

    A national body reads all.
    """
    rows = await raw(session)
    [after] = paging.key(int) or (0,)
    found = await queries.list_virements(
        rows,
        sight=await sight_of(rows, by),
        organisation=organisation,
        year=year,
        as_at=as_at,
        as_known=as_known,
        after=after,
        limit=paging.fetch,
    )
    keys = {view.virement: key for key, view in found}
    return page([view for _, view in found], key=lambda view: (keys[view.virement],), request=request)


@router.post(
    "/virements",
    status_code=status.HTTP_201_CREATED,
    summary="Move amounts between lines",
    responses=problems(
        RoleMissing,
        NotYoursToDecide,
        *BY_DECISION,
        lines.BudgetLineNotFound,
        lines.StatedOutOfOrder,
        lines.LineWouldBeNegative,
        lines.DayOutsideYear,
        errors.BudgetsDiffer,
        errors.VirementRefused,
        errors.AuthorityInsufficient,
        lines.CeilingExceeded,
        lines.ExcludedFromCareModel,
    ),
)
@binds("the body of the lines")
async def make_virement(
    command: commands.MakeVirement,
    session: Write,
    by: Annotated[Caller, allowed(Role.FINANCE_LEAD)],
    today: Today,
    stated_at: StatedAt,
) -> VirementView:
    """Move amounts between lines of one budget, all or none, within the rules of virements.

    Above the rule pack's limit, which all that moves out of or into a line in the year counts towards, a decision right
    for `budget.virement` is named, as governance granted it. What a care model excludes is not moved to it.
    """
    name = await commands.make_virement(session, command, by=by, today=today, stated_at=stated_at)
    return await queries.get_virement(await raw(session), name)
