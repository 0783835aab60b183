"""Routes that draft, revise, delete and read contracts."""

from typing import Annotated

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
    binds,
    binds_one_of,
    commands_router,
    etag,
    page,
    problems,
)
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.contracts.agreements import commands, consents, queries, shares
from services.contracts.agreements import errors as drafts
from services.contracts.agreements.catalogue import functions_on
from services.contracts.agreements.shares import AgreeShares
from services.contracts.agreements.terms import DraftContract, ReviseContract
from services.contracts.agreements.views import AgreementConsentsView, CatalogueView, FunctionView, ShareTableView
from services.contracts.care_models.errors import OutsideCareModel
from services.contracts.core import errors
from services.contracts.core import queries as reads
from services.contracts.core.codes import OdsCode, Reference
from services.contracts.core.models import Status
from services.contracts.core.shares import ShareKind
from services.contracts.core.views import ContractHistoryView, ContractView
from services.contracts.edge import EDIT_REFUSALS, Lead, expecting, shown

router = commands_router(tags=["Contracts"])

_DRAFT_REFUSALS = (errors.FunctionUnknown, OutsideCareModel, errors.NoRuleInForce, drafts.CoordinatorMissing)


async def _wanted(
    customer: Annotated[OdsCode | None, Query(description="ODS code of a customer as at the day.")] = None,
    supplier: Annotated[OdsCode | None, Query(description="ODS code of the supplier.")] = None,
    status: Annotated[Status | None, Query(description="Status as at the day.")] = None,
    function: Annotated[
        str | None, Query(max_length=40, description="Only contracts that supply this function.")
    ] = None,
) -> reads.ContractFilter:
    return reads.ContractFilter(customer=customer, supplier=supplier, status=status, function=function)


@router.get("/contracts", summary="List the contracts you may see", responses=problems())
async def list_contracts(
    request: Request,
    rows: Rows,
    by: By,
    wanted: Annotated[reads.ContractFilter, Depends(_wanted)],
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
) -> Page[ContractView]:
    """List the contracts of which your organisations or their predecessors are a party on the day; all for a national
    body.

    Ordered by reference, with customers and status as at the day, as known at the instant. A draft is listed for the
    customers that it names.
    """
    found = await reads.list_contracts(
        rows, wanted, by=by, as_at=as_at, as_known=as_known, after=paging.key(str), limit=paging.fetch
    )
    return page([ContractView.model_validate(row) for row in found], key=lambda view: view.reference, request=request)


@router.get(
    "/contracts/{reference}",
    summary="Read a contract",
    responses=problems(errors.ContractNotFound),
)
async def get_contract(
    reference: Reference, response: Response, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown
) -> ContractView:
    """Return a contract with its customers and status as at the day, as known at the instant. The ETag is its version.

    Who was a party for some days reads it as at those days, and nothing that was agreed since.
    """
    view = ContractView.model_validate(await reads.get_contract(rows, reference, by=by, as_at=as_at, as_known=as_known))
    if view.version is not None:
        etag(response, view.version)
    return view


@router.get(
    "/contracts/{reference}/history",
    summary="List the customers of a contract over time",
    responses=problems(errors.ContractNotFound),
)
async def get_contract_history(reference: Reference, rows: Rows, by: By, as_known: AsKnown) -> ContractHistoryView:
    """Return each customer with its days and since when they are known, and each transfer with its cause."""
    return ContractHistoryView.model_validate(await reads.get_history(rows, reference, by=by, as_known=as_known))


@router.post(
    "/contracts",
    status_code=201,
    summary="Draft a contract",
    responses=problems(errors.ReferenceTaken, *_DRAFT_REFUSALS, NotYoursToDecide, RoleMissing),
)
@binds_one_of("customers", because="a draft binds none of the customers that it names")
async def draft_contract(
    command: DraftContract, response: Response, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> ContractView:
    """Create a draft. Those of its customers for whom you act read it, the others once it is awarded.

    A contract of the form `care_model` states its `care_model`, whose services its lines may name too; the rule pack of
    its first day says what it excludes and how long it may run.

    No event is published until it is signed.
    """
    contract = await commands.draft_contract(session, command, by=by, today=today, stated_at=stated_at)
    response.headers["Location"] = f"contracts/{contract.reference}"
    return await shown(session, contract, response, by, today)


@router.put(
    "/contracts/{reference}",
    summary="Revise a draft",
    responses=problems(errors.NotADraft, *_DRAFT_REFUSALS, *EDIT_REFUSALS),
)
@binds("the customers for whom it was drafted")
async def revise_contract(
    reference: Reference,
    command: ReviseContract,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    if_match: IfMatch,
) -> ContractView:
    """Replace the terms, lines and customers of a draft, of whom you act for one at least.

    What was signed of the text before counts no longer.
    """
    expect = expecting(if_match)
    contract = await commands.revise_contract(session, reference, command, by=by, today=today, expect=expect)
    return await shown(session, contract, response, by, today)


@router.delete(
    "/contracts/{reference}",
    status_code=204,
    summary="Delete a draft",
    responses=problems(errors.NotADraft, *EDIT_REFUSALS),
)
@binds("the customers for whom it was drafted")
async def delete_draft(reference: Reference, session: Write, by: Lead, today: Today, if_match: IfMatch) -> None:
    """Delete a draft. A signed contract can only be terminated."""
    await commands.delete_draft(session, reference, by=by, today=today, expect=expecting(if_match))


@router.post(
    "/contracts/{reference}/award",
    status_code=201,
    summary="Award a contract",
    responses=problems(errors.NotADraft, drafts.AlreadyAwarded, *EDIT_REFUSALS),
)
@binds("the customers for whom it was drafted")
async def award_contract(
    reference: Reference,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> ContractView:
    """Offer a draft to every customer that it names and to its supplier: they read it from now on, and may sign it."""
    expect = expecting(if_match)
    contract = await commands.award_contract(session, reference, by=by, today=today, stated_at=stated_at, expect=expect)
    return await shown(session, contract, response, by, today)


@router.get(
    "/contracts/{reference}/shares/{kind}",
    summary="Read the shares of a contract",
    responses=problems(errors.ContractNotFound),
)
async def get_shares(
    reference: Reference, kind: ShareKind, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown
) -> ShareTableView:
    """Return how the customers divide a contract as at the day: the exact shares, and of the cost the pence a year.

    Where no table of the cost was agreed, the parts are equal.
    """
    return await queries.get_shares(rows, reference, kind, by=by, as_at=as_at, as_known=as_known)


@router.put(
    "/contracts/{reference}/shares/{kind}",
    summary="Agree the shares of a contract",
    responses=problems(
        drafts.SharesNotWhole,
        drafts.CoordinatorMissing,
        errors.DocumentMissing,
        errors.ExitOutsideTerm,
        errors.NotSigned,
        errors.ContractAlreadyEnded,
        errors.StatedBeforeSignature,
        *EDIT_REFUSALS,
    ),
)
@binds("the contract's customers, or those for whom it was drafted")
async def agree_shares(
    reference: Reference,
    kind: ShareKind,
    command: AgreeShares,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> ShareTableView:
    """State the whole table of a kind from a day: its weights make up the total, and its holders are customers.

    Who has no share of the cost leaves the contract from the day; the contract continues. In a draft the table is part
    of the text, which is signed anew.
    """
    await shares.agree_shares(
        session, reference, kind, command, by=by, today=today, stated_at=stated_at, expect=expecting(if_match)
    )
    as_at = max(command.from_day or today, today)
    return await queries.get_shares(await raw(session), reference, kind, by=by, as_at=as_at, as_known=None)


@router.get(
    "/contracts/{reference}/consents",
    summary="List what customers have agreed to since the signature",
    responses=problems(errors.ContractNotFound),
)
async def list_consents(
    reference: Reference, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown
) -> AgreementConsentsView:
    """Return each customer's agreement to a table of shares or to who coordinates; what all agree to holds."""
    return await consents.list_consents(rows, reference, by=by, as_at=as_at, as_known=as_known)


_CONSENT_REFUSALS = (
    errors.DocumentMissing,
    errors.ExitOutsideTerm,
    errors.NotSigned,
    errors.ContractAlreadyEnded,
    errors.StatedBeforeSignature,
    *EDIT_REFUSALS,
)


@router.post(
    "/contracts/{reference}/shares/{kind}/acceptance",
    status_code=201,
    summary="Agree to a table of shares",
    responses=problems(drafts.SharesNotWhole, drafts.CoordinatorMissing, *_CONSENT_REFUSALS),
)
@binds_one_of("the contract's customers", because=consents.OWN_ACT)
async def accept_shares(
    reference: Reference,
    kind: ShareKind,
    command: consents.AcceptShares,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> AgreementConsentsView:
    """Agree to the whole table of a kind for the customers for whom you act; it holds once every customer has.

    The first to agree proposes it. Each agrees to the same table from the same day.
    """
    contract = await consents.accept_shares(
        session, reference, kind, command, by=by, today=today, stated_at=stated_at, expect=expecting(if_match)
    )
    etag(response, contract.version)
    return await consents.consents_to(await raw(session), contract, as_at=today)


@router.post(
    "/contracts/{reference}/coordinator",
    status_code=201,
    summary="Choose the coordinating commissioner",
    responses=problems(drafts.NoCustomerThen, *_CONSENT_REFUSALS),
)
@binds_one_of("the contract's customers", because=consents.OWN_ACT)
async def choose_coordinator(
    reference: Reference,
    command: consents.ChooseCoordinator,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> AgreementConsentsView:
    """Choose who coordinates from a day, for the customers for whom you act; it does once all who stay have chosen it.

    Who leaves by then by a notice that stands is not asked.
    """
    contract = await consents.choose_coordinator(
        session, reference, command, by=by, today=today, stated_at=stated_at, expect=expecting(if_match)
    )
    etag(response, contract.version)
    return await consents.consents_to(await raw(session), contract, as_at=today)


functions_router = commands_router(tags=["Suppliers"])


@functions_router.get(
    "/functions", summary="List the functions that can be bought", responses=problems(errors.NoRuleInForce)
)
async def list_functions(_: By, as_at: AsAt) -> CatalogueView:
    """List the catalogue for contracts that start on the day, with its rule pack."""
    found = functions_on(as_at)
    functions = [FunctionView(code=code, name=name) for code, name in found.names.items()]
    return CatalogueView(rule_pack=found.pack.id, citation=found.pack.citation, functions=functions)
