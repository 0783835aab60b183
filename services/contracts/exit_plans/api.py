"""Routes of exit plans and settlements."""

from typing import Annotated

from fastapi import Path, Response

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    IfMatch,
    Rows,
    StatedAt,
    Today,
    Write,
    binds,
    commands_router,
    etag,
    problems,
)
from services.contracts.core import errors
from services.contracts.core.codes import Reference
from services.contracts.edge import EDIT_REFUSALS, Lead, expecting
from services.contracts.exit_plans import commands, queries, settlement
from services.contracts.exit_plans import errors as refusals
from services.contracts.exit_plans.views import ExitPlanView, SettlementView
from services.contracts.terminations.errors import TerminationNotFound

router = commands_router(tags=["Contracts"])

Item = Annotated[
    str,
    Path(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$", description="Its code.", examples=["payroll-files"]),
]
Step = Annotated[
    str,
    Path(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$", description="Its code.", examples=["handover"]),
]
Termination = Annotated[str, Path(max_length=60, description="Its id, from `GET /contracts/{reference}/terminations`.")]


@router.get(
    "/contracts/{reference}/exit-plan",
    summary="Read the plan of an exit",
    responses=problems(errors.ContractNotFound),
)
async def get_exit_plan(reference: Reference, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown) -> ExitPlanView:
    """Return the steps and returns of data of the plan that stands, with receipts, and what is missing."""
    return await queries.get_exit_plan(rows, reference, by=by, as_at=as_at, as_known=as_known)


@router.put(
    "/contracts/{reference}/exit-plan",
    summary="State the plan of an exit",
    responses=problems(errors.NotSigned, refusals.NotTheReceiver, *EDIT_REFUSALS),
)
@binds("the contract's customers, or its supplier where it states the plan")
async def plan_exit(
    reference: Reference,
    command: commands.PlanExit,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> ExitPlanView:
    """State the whole plan: who does what by when, and which data are returned to which customer before the end."""
    contract = await commands.plan_exit(
        session, reference, command, by=by, today=today, stated_at=stated_at, expect=expecting(if_match)
    )
    etag(response, contract.version)
    return await queries.get_exit_plan(await raw(session), reference, by=by, as_at=today, as_known=None)


@router.post(
    "/contracts/{reference}/exit-plan/returns/{item}/receipt",
    status_code=201,
    summary="Acknowledge that data were returned",
    responses=problems(
        refusals.ReturnNotPlanned,
        refusals.ReceiptNotUploaded,
        errors.DocumentMissing,
        errors.SignedInTheFuture,
        *EDIT_REFUSALS,
    ),
)
@binds("the customer to whom the data are returned; of an item that no plan names, the contract's customers")
async def acknowledge_return(
    reference: Reference,
    item: Item,
    command: commands.AcknowledgeReturn,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> ExitPlanView:
    """Give the receipt for data that were returned to you, by the digest of the document that lists them."""
    contract = await commands.acknowledge_return(
        session, reference, item, command, by=by, today=today, stated_at=stated_at, expect=expecting(if_match)
    )
    etag(response, contract.version)
    return await queries.get_exit_plan(await raw(session), reference, by=by, as_at=today, as_known=None)


@router.post(
    "/contracts/{reference}/exit-plan/steps/{step}/completion",
    status_code=201,
    summary="Mark a step of an exit done",
    responses=problems(refusals.StepNotPlanned, errors.DocumentMissing, errors.SignedInTheFuture, *EDIT_REFUSALS),
)
@binds("the party that does the step; of a step that no plan names, the contract's customers")
async def complete_step(
    reference: Reference,
    step: Step,
    command: commands.CompleteStep,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> ExitPlanView:
    """Mark a step done that your body does by the plan that stands."""
    contract = await commands.complete_step(
        session, reference, step, command, by=by, today=today, stated_at=stated_at, expect=expecting(if_match)
    )
    etag(response, contract.version)
    return await queries.get_exit_plan(await raw(session), reference, by=by, as_at=today, as_known=None)


@router.get(
    "/contracts/{reference}/terminations/{termination}/settlement",
    summary="Read the final amounts of an end",
    responses=problems(errors.ContractNotFound, TerminationNotFound),
)
async def get_settlement(
    reference: Reference, termination: Termination, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown
) -> SettlementView:
    """Return what was agreed of each line, and what each side states was paid. The supplier reads its own lines."""
    return await settlement.get_settlement(rows, reference, termination, by=by, as_at=as_at, as_known=as_known)


@router.post(
    "/contracts/{reference}/terminations/{termination}/settlement",
    status_code=201,
    summary="State the final amounts of an end",
    responses=problems(TerminationNotFound, refusals.NotAgreedYet, refusals.LinesDiffer, *EDIT_REFUSALS),
)
@binds("the contract's customers, one of them alone for its own lines, or its supplier where it states the amounts")
async def settle_termination(
    reference: Reference,
    termination: Termination,
    command: settlement.SettleTermination,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> SettlementView:
    """State what was paid in the end. Once both sides state the same, the price is settled and published as such."""
    contract, day = await settlement.settle_termination(
        session, reference, termination, command, by=by, today=today, stated_at=stated_at, expect=expecting(if_match)
    )
    etag(response, contract.version)
    return await settlement.get_settlement(await raw(session), reference, termination, by=by, as_at=day, as_known=None)
