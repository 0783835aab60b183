"""Routes that sign a contract."""

from fastapi import Response

from libs.common.http.dependencies import IfMatch, StatedAt, Today, Write, binds, commands_router, problems
from services.contracts.core import errors
from services.contracts.core.codes import Reference
from services.contracts.core.views import ContractView
from services.contracts.edge import EDIT_REFUSALS, Lead, expecting, shown
from services.contracts.signing import commands

router = commands_router(tags=["Contracts"])


@router.post(
    "/contracts/{reference}/signature",
    status_code=201,
    summary="Sign a contract",
    responses=problems(
        errors.NotADraft,
        errors.CustomerNotOpen,
        errors.SignedInTheFuture,
        errors.DocumentMissing,
        errors.ChangingHands,
        *EDIT_REFUSALS,
    ),
)
@binds("the draft's customers, and who took one over")
async def sign_contract(
    reference: Reference,
    command: commands.SignContract,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> ContractView:
    """Make a draft binding. Its customers must be open on the day of signature and on the first day of service.

    A closed customer is refused with its successor named. A customer that merges at the same time never stays: either
    this is refused, or the successor takes over as soon as the merger's event is consumed. A signature is known from
    now: one of an earlier day names the document that shows it.
    """
    expect = expecting(if_match)
    contract = await commands.sign_contract(
        session, reference, command, by=by, today=today, stated_at=stated_at, expect=expect
    )
    return await shown(session, contract, response, by, today)
