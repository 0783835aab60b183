"""Routes of buy-out terms."""

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
from services.contracts.buy_outs import commands, queries
from services.contracts.buy_outs.errors import (
    BuyOutTermMissing,
    BuyOutTermsNotFound,
    EquityMethodAmbiguous,
    NoVoluntaryRight,
)
from services.contracts.buy_outs.views import BuyOutTermsView
from services.contracts.core import errors
from services.contracts.core.codes import Reference
from services.contracts.edge import Lead

router = commands_router(tags=["Buy-outs"])


@router.get(
    "/contracts/{reference}/buy-out-terms",
    summary="Read the terms of a buy-out",
    responses=problems(errors.ContractNotFound, BuyOutTermsNotFound),
)
async def get_buy_out_terms(
    reference: Reference, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown
) -> BuyOutTermsView:
    """Return what the contract says of a buy-out; `not available`, without amounts, where it gives no right."""
    return await queries.get_buy_out_terms(rows, reference, by=by, as_at=as_at, as_known=as_known)


@router.put(
    "/contracts/{reference}/buy-out-terms",
    summary="State the terms of a buy-out",
    responses=problems(
        EquityMethodAmbiguous,
        NoVoluntaryRight,
        BuyOutTermMissing,
        errors.NotSigned,
        errors.ChangingHands,
        errors.ContractNotFound,
        errors.ProposalUnconfirmed,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("the contract's customers")
async def state_buy_out_terms(
    reference: Reference,
    command: commands.StateBuyOutTerms,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> BuyOutTermsView:
    """State the terms of a PFI or LIFT contract from a day on. One method of valuing equity is fixed in the contract.

    None, two, or the higher of two are refused. Terms stated later supersede these; what was known stays on record.
    """
    await commands.state_buy_out_terms(session, reference, command, by=by, today=today, stated_at=stated_at)
    day = command.effective_on or today
    return await queries.get_buy_out_terms(await raw(session), reference, by=by, as_at=max(day, today), as_known=None)
