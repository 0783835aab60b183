"""Routes of buy-outs."""

from typing import Annotated

from fastapi import Request

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
from libs.common.http.paging import UnreadableCursor
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from services.finance.buy_outs import commands, errors, queries
from services.finance.buy_outs.views import BuyOutAppraisalView, BuyOutView
from services.finance.core.codes import ContractReference
from services.finance.core.errors import NoPackInForce
from services.finance.core.sight import sight_of

router = commands_router(tags=["Buy-outs"])


@router.get("/buy-outs", summary="List buy-outs", responses=problems(UnreadableCursor))
async def list_buy_outs(
    request: Request, session: Read, by: By, paging: Paging, as_at: AsAt, as_known: AsKnown
) -> Page[BuyOutView]:
    """List the PFI and LIFT contracts of which you are a party, with the sum of a buy-out, by contract."""
    rows = await raw(session)
    [after] = paging.key(str) or [""]
    found = await queries.list_buy_outs(
        rows, sight=await sight_of(rows, by), as_at=as_at, as_known=as_known, after=after, limit=paging.fetch
    )
    return page(found, key=lambda view: view.contract, request=request)


@router.get("/buy-outs/{contract}", summary="Read the sum of a buy-out", responses=problems(errors.BuyOutNotFound))
async def get_buy_out(contract: ContractReference, session: Read, by: By, as_at: AsAt, as_known: AsKnown) -> BuyOutView:
    """Return the sum of a voluntary termination by component, from the terms that contracts published.

    A contract without that right is answered `not available`, without a number.
    """
    rows = await raw(session)
    return await queries.get_buy_out(rows, contract, sight=await sight_of(rows, by), as_at=as_at, as_known=as_known)


@router.get(
    "/buy-outs/{contract}/appraisal",
    summary="Weigh a buy-out against its saving",
    responses=problems(errors.BuyOutNotFound, errors.SavingNotFound, errors.BuyOutNotAvailable, NoPackInForce),
)
async def get_buy_out_appraisal(
    contract: ContractReference, session: Read, by: By, as_at: AsAt, as_known: AsKnown
) -> BuyOutAppraisalView:
    """Return the present value of the saving, whether it is worth the sum, and the saving at which it would be.

    The sum is paid in year 0, the financial year of `as_at`. The contract's customers read it, the supplier does not.
    """
    rows = await raw(session)
    return await queries.get_appraisal(rows, contract, sight=await sight_of(rows, by), as_at=as_at, as_known=as_known)


@router.put(
    "/buy-outs/{contract}/saving",
    summary="State what a buy-out saves",
    responses=problems(
        RoleMissing,
        NotYoursToDecide,
        errors.BuyOutNotFound,
        errors.BuyOutNotAvailable,
        errors.SavingNeitherGrossNorNet,
        errors.LoanServiceMisplaced,
        errors.YearsNotInOrder,
    ),
)
@binds("the contract's customers")
async def state_buy_out_saving(
    contract: ContractReference,
    command: commands.StateBuyOutSaving,
    session: Write,
    by: Annotated[Caller, allowed(Role.FINANCE_LEAD)],
    today: Today,
    stated_at: StatedAt,
) -> BuyOutAppraisalView:
    """State what leaving saves a year, gross or net of borrowing, and what was paid where it has happened.

    A later statement supersedes an earlier one; what was known stays readable.
    """
    await commands.state_saving(session, contract, command, by=by, today=today, stated_at=stated_at)
    rows = await raw(session)
    return await queries.get_appraisal(rows, contract, sight=await sight_of(rows, by), as_at=today, as_known=None)
