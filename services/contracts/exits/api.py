"""Routes that end a contract early."""

from fastapi import Response

from libs.common.http.dependencies import AsAt, By, IfMatch, StatedAt, Today, Write, binds, commands_router, problems
from services.contracts.agreements.catalogue import exit_reasons_on
from services.contracts.core import errors
from services.contracts.core.codes import Reference
from services.contracts.core.views import ContractView, ExitReasonsView, ExitReasonView
from services.contracts.edge import EDIT_REFUSALS, Lead, expecting, shown
from services.contracts.exits import commands

router = commands_router(tags=["Contracts"])


@router.post(
    "/contracts/{reference}/termination",
    status_code=201,
    summary="Terminate a contract",
    responses=problems(
        errors.NoticeTooLate,
        errors.NoticeNotYetServed,
        errors.DocumentMissing,
        errors.ExitReasonUnknown,
        errors.NoRuleInForce,
        errors.ExitOutsideTerm,
        errors.NotSigned,
        errors.ContractAlreadyEnded,
        errors.StatedBeforeSignature,
        *EDIT_REFUSALS,
    ),
)
@binds("the contract's customers on the last day")
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

    Notice is known from now: it counts from the day on which it is recorded, whatever its paper says. A refusal
    for late notice names the earliest exit, and the day by which notice was due.
    """
    expect = expecting(if_match)
    contract = await commands.terminate_contract(
        session, reference, command, by=by, today=today, stated_at=stated_at, expect=expect
    )
    return await shown(session, contract, response, by, today)


@router.get("/exit-reasons", summary="List the reasons for ending a contract", responses=problems(errors.NoRuleInForce))
async def list_exit_reasons(_: By, as_at: AsAt) -> ExitReasonsView:
    """List the codes that an early end recorded on the day can give as its reason, with their rule pack."""
    found = exit_reasons_on(as_at)
    reasons = [ExitReasonView(code=code, title=title) for code, title in found.titles.items()]
    return ExitReasonsView(rule_pack=found.pack.id, citation=found.pack.citation, reasons=reasons)
