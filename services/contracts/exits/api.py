"""Routes that end a contract early."""

from fastapi import Response

from libs.common.http.dependencies import IfMatch, StatedAt, Today, Write, commands_router, problems, stale
from services.contracts.agreements import commands as contracts
from services.contracts.core import errors
from services.contracts.core.codes import Reference
from services.contracts.core.views import ContractView
from services.contracts.edge import EDIT_REFUSALS, Lead, shown
from services.contracts.exits import commands

router = commands_router(tags=["Contracts"])


@router.post(
    "/contracts/{reference}/termination",
    status_code=201,
    summary="Terminate a contract",
    responses=problems(
        errors.NoticeTooLate,
        errors.NoticeNotYetServed,
        errors.ExitOutsideTerm,
        errors.NotSigned,
        errors.ContractAlreadyEnded,
        errors.StatedBeforeSignature,
        *EDIT_REFUSALS,
    ),
)
async def terminate_contract(
    reference: Reference,
    command: commands.TerminateContract,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> ContractView:
    """End a contract early: on notice that was served in time (rule EXIT-1), or sooner by the agreement you name.

    A refusal for late notice names the earliest exit, and the day by which notice was due.
    """
    contract = await contracts.get_contract_to_change(session, reference)
    stale(contract.version, if_match)
    await commands.terminate_contract(session, contract, command, by=by, today=today, stated_at=stated_at)
    return await shown(session, contract, response, by, today)
