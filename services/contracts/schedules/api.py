"""Routes of payment schedules and achievements."""

from typing import Annotated

from fastapi import Query

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Rows,
    StatedAt,
    Today,
    Write,
    binds,
    commands_router,
    problems,
)
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.contracts.core import errors
from services.contracts.core.codes import Reference
from services.contracts.edge import Lead
from services.contracts.schedules import commands, queries
from services.contracts.schedules.errors import AchievementUnknown, PayerNotACustomer, ScheduleNotFound
from services.contracts.schedules.views import AchievementsView, ScheduleView

router = commands_router(tags=["Schedules"])

_RIGHTS = (errors.ContractNotFound, errors.ProposalUnconfirmed, NotYoursToDecide, RoleMissing)


@router.get(
    "/schedules/{contract}",
    summary="Read a contract's schedule of payments",
    responses=problems(errors.ContractNotFound, ScheduleNotFound),
)
async def get_schedule(contract: Reference, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown) -> ScheduleView:
    """Return each payment with the most that it can be, and what fell due of it up to the day, with corrections."""
    return await queries.get_schedule(rows, contract, by=by, as_at=as_at, as_known=as_known)


@router.post(
    "/schedules/{contract}",
    status_code=201,
    summary="State a contract's schedule of payments",
    responses=problems(errors.NotSigned, errors.NoRuleInForce, errors.ChangingHands, PayerNotACustomer, *_RIGHTS),
)
@binds("the contract's customers")
async def state_schedule(
    contract: Reference,
    command: commands.StateSchedule,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> ScheduleView:
    """State the sum of the whole term: a part in advance, once, at the start, the balance on achievement.

    Pennies go to the largest remainders, the earlier payee first. Stated again it replaces the schedule before; what
    fell due already is corrected by items of their own.
    """
    await commands.state_schedule(session, contract, command, by=by, today=today, stated_at=stated_at)
    return await queries.get_schedule(await raw(session), contract, by=by, as_at=today, as_known=None)


@router.get(
    "/achievements",
    summary="List what was achieved under a contract",
    responses=problems(errors.ContractNotFound),
)
async def list_achievements(
    contract: Annotated[Reference, Query(description="Reference of the contract.")],
    rows: Rows,
    by: By,
    as_at: AsAt,
    as_known: AsKnown,
) -> AchievementsView:
    """List every statement about what a payee achieved, in the order in which they were made."""
    return await queries.list_achievements(rows, contract, by=by, as_at=as_at, as_known=as_known)


@router.post(
    "/achievements",
    status_code=201,
    summary="State what a payee achieved",
    responses=problems(AchievementUnknown, errors.DocumentMissing, errors.SignedInTheFuture, *_RIGHTS),
)
@binds("the customer that pays")
async def state_achievement(
    command: commands.StateAchievement, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> ScheduleView:
    """State the part that a payee achieved: its balance falls due, once. Stated otherwise, the difference falls due.

    The schedule is returned with what fell due. No balance falls due before its achievement is stated.
    """
    await commands.state_achievement(session, command, by=by, today=today, stated_at=stated_at)
    return await queries.get_schedule(await raw(session), command.contract, by=by, as_at=today, as_known=None)
