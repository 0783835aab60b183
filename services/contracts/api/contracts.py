"""Contracts over HTTP: drafted, revised, signed, terminated, read."""

from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    IfMatch,
    Page,
    Paging,
    Rows,
    StatedAt,
    Today,
    Write,
    allowed,
    commands_router,
    etag,
    page,
    problems,
    stale,
)
from libs.common.http.problems import PreconditionMissing, StaleVersion
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from services.contracts import contracts, errors, reads, signatures, terminations
from services.contracts.api.views import ContractView, HistoryView
from services.contracts.models import Contract, Status
from services.contracts.terms import DraftContract, Reference, ReviseContract

router = commands_router(tags=["Contracts"])

Lead = Annotated[Caller, allowed(Role.CONTRACT_LEAD)]
_EDITED = (errors.ContractNotFound, NotYoursToDecide, RoleMissing, StaleVersion, PreconditionMissing)
_DRAFTED = (errors.FunctionUnknown, errors.NoRuleInForce)


async def _wanted(
    customer: Annotated[str | None, Query(description="ODS code of a customer as at the day.")] = None,
    supplier: Annotated[str | None, Query(description="ODS code of the supplier.")] = None,
    status: Annotated[Status | None, Query(description="Status as at the day.")] = None,
    function: Annotated[str | None, Query(description="A function that is supplied.")] = None,
) -> reads.Wanted:
    return reads.Wanted(customer=customer, supplier=supplier, status=status, function=function)


@router.get("/contracts", summary="List the contracts you may see", responses=problems())
async def list_contracts(
    request: Request,
    rows: Rows,
    by: By,
    wanted: Annotated[reads.Wanted, Depends(_wanted)],
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
) -> Page[ContractView]:
    """Contracts of your own organisations and of those that live on in them; all for a national body or an operator.

    In the order of their references, with customers and status as at the day, as known at the instant.
    """
    found = await reads.list_contracts(
        rows, wanted, by=by, as_at=as_at, as_known=as_known, after=paging.key(str), limit=paging.fetch
    )
    return page([ContractView.model_validate(row) for row in found], key=lambda view: view.reference, request=request)


@router.get(
    "/contracts/{reference}",
    summary="Read a contract",
    responses=problems(errors.ContractNotFound, errors.NotAParty),
)
async def get_contract(
    reference: Reference, response: Response, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown
) -> ContractView:
    """One contract, with its customers and status as at the day, as known at the instant. The ETag is its version."""
    view = ContractView.model_validate(await reads.get_contract(rows, reference, by=by, as_at=as_at, as_known=as_known))
    etag(response, view.version)
    return view


@router.get(
    "/contracts/{reference}/history",
    summary="See the hands a contract went through",
    responses=problems(errors.ContractNotFound, errors.NotAParty),
)
async def get_history(reference: Reference, rows: Rows, by: By, as_known: AsKnown) -> HistoryView:
    """Who was a customer when, since when that is known, and each change of hands with its merger and event."""
    return HistoryView.model_validate(await reads.get_history(rows, reference, by=by, as_known=as_known))


@router.post(
    "/contracts",
    status_code=201,
    summary="Draft a contract",
    responses=problems(errors.ReferenceTaken, *_DRAFTED, NotYoursToDecide, RoleMissing),
)
async def draft_contract(
    command: DraftContract, response: Response, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> ContractView:
    """Keep a contract as its parties begin to agree it. It binds nobody, and nobody is told, until it is signed."""
    contract = await contracts.draft_contract(session, command, by=by, stated_at=stated_at)
    response.headers["Location"] = f"contracts/{contract.reference}"
    return await _shown(session, contract, response, by, today)


@router.put(
    "/contracts/{reference}",
    summary="Revise a draft",
    responses=problems(errors.NotADraft, *_DRAFTED, *_EDITED),
)
async def revise_contract(
    reference: Reference,
    command: ReviseContract,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    if_match: IfMatch,
) -> ContractView:
    """Put new terms, lines and customers in the place of those of a draft."""
    contract = await contracts.get_contract_to_change(session, reference)
    stale(contract.version, if_match)
    await contracts.revise_contract(session, contract, command, by=by)
    return await _shown(session, contract, response, by, today)


@router.delete(
    "/contracts/{reference}",
    status_code=204,
    summary="Delete a draft",
    responses=problems(errors.NotADraft, *_EDITED),
)
async def delete_draft(reference: Reference, session: Write, by: Lead, if_match: IfMatch) -> None:
    """Remove a draft. What was signed can only be terminated."""
    contract = await contracts.get_contract_to_change(session, reference)
    stale(contract.version, if_match)
    await contracts.delete_draft(session, contract, by=by)


@router.post(
    "/contracts/{reference}/signature",
    status_code=201,
    summary="Sign a contract",
    responses=problems(
        errors.NotADraft, errors.CustomerNotOpen, errors.SignedInTheFuture, errors.ChangingHands, *_EDITED
    ),
)
async def sign_contract(
    reference: Reference,
    command: signatures.SignContract,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> ContractView:
    """Make a draft binding. Its customers must be open on the day of signature and on the first day of service.

    A closed customer is refused with its successor named. One that merges while this is decided never stays: either
    this is refused, or the successor takes over as soon as the merger is heard of.
    """
    [contract] = await contracts.get_contracts_to_bind(session, [reference])
    stale(contract.version, if_match)
    await signatures.sign_contract(session, contract, command, by=by, today=today, stated_at=stated_at)
    return await _shown(session, contract, response, by, today)


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
        *_EDITED,
    ),
)
async def terminate_contract(
    reference: Reference,
    command: terminations.TerminateContract,
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
    await terminations.terminate_contract(session, contract, command, by=by, today=today, stated_at=stated_at)
    return await _shown(session, contract, response, by, today)


async def _shown(session: Write, contract: Contract, response: Response, by: Caller, today: Today) -> ContractView:
    etag(response, contract.version)
    found: dict[str, Any] = await reads.get_contract(
        await raw(session), contract.reference, by=by, as_at=today, as_known=None
    )
    return ContractView.model_validate(found)
