"""Routes that sign a contract."""

from fastapi import Response

from libs.common.http.dependencies import IfMatch, StatedAt, Today, Write, commands_router, problems, stale
from services.contracts.agreements import commands as contracts
from services.contracts.core import errors
from services.contracts.core.codes import Reference
from services.contracts.core.views import ContractView
from services.contracts.edge import EDIT_REFUSALS, Lead, shown
from services.contracts.signing import commands

router = commands_router(tags=["Contracts"])


@router.post(
    "/contracts/{reference}/signature",
    status_code=201,
    summary="Sign a contract",
    responses=problems(
        errors.NotADraft, errors.CustomerNotOpen, errors.SignedInTheFuture, errors.ChangingHands, *EDIT_REFUSALS
    ),
)
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
    this is refused, or the successor takes over as soon as the merger's event is consumed.
    """
    [contract] = await contracts.get_contracts_to_bind(session, [reference])
    stale(contract.version, if_match)
    await commands.sign_contract(session, contract, command, by=by, today=today, stated_at=stated_at)
    return await shown(session, contract, response, by, today)
