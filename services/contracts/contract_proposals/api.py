"""Routes about contracts that a source lets one infer."""

from typing import Annotated

from fastapi import Depends, Query, Request, Response

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsKnown,
    By,
    Page,
    Paging,
    Rows,
    StatedAt,
    Today,
    Write,
    binds,
    commands_router,
    page,
    problems,
)
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.contracts.agreements.errors import CoordinatorMissing
from services.contracts.care_models.errors import OutsideCareModel
from services.contracts.contract_proposals import commands, errors, queries
from services.contracts.contract_proposals.models import ProposalSource
from services.contracts.contract_proposals.views import ContractProposalView, ProposalState
from services.contracts.core.codes import OdsCode, Reference
from services.contracts.core.errors import FunctionUnknown, NoRuleInForce, ReferenceTaken
from services.contracts.edge import Lead

router = commands_router(tags=["Contract proposals"])

_DECISION = (errors.ProposalNotFound, errors.ProposalDecided, NotYoursToDecide, RoleMissing)


async def _wanted(
    customer: Annotated[OdsCode | None, Query(description="Only those of this customer.")] = None,
    source: Annotated[ProposalSource | None, Query(description="Only those inferred from this.")] = None,
    state: Annotated[ProposalState | None, Query(description="Only those in this state.")] = None,
) -> queries.ProposalFilter:
    return queries.ProposalFilter(customer=customer, source=source, state=state)


@router.get("/contract-proposals", summary="List contracts that sources let one infer", responses=problems())
async def list_contract_proposals(
    request: Request,
    rows: Rows,
    by: By,
    wanted: Annotated[queries.ProposalFilter, Depends(_wanted)],
    paging: Paging,
    as_known: AsKnown,
) -> Page[ContractProposalView]:
    """List by reference the proposals whose customers are your organisations or their predecessors.

    A national body reads all of them, and alone those whose customer is not known.
    """
    found = await queries.list_proposals(
        rows, wanted, by=by, as_known=as_known, after=paging.key(str), limit=paging.fetch
    )
    return page(found, key=lambda view: view.reference, request=request)


@router.get("/contract-proposals/{reference}", summary="Read a proposal", responses=problems(errors.ProposalNotFound))
async def get_contract_proposal(reference: Reference, rows: Rows, by: By, as_known: AsKnown) -> ContractProposalView:
    """Return what the evidence says of the contract, what it leaves open, and what was decided."""
    return await queries.get_proposal(rows, reference, by=by, as_known=as_known)


@router.post(
    "/contract-proposals/{reference}/confirmation",
    status_code=201,
    summary="Confirm a proposal",
    responses=problems(
        errors.OtherParties,
        ReferenceTaken,
        FunctionUnknown,
        OutsideCareModel,
        NoRuleInForce,
        CoordinatorMissing,
        *_DECISION,
    ),
)
@binds("the proposal's customer")
async def confirm_proposal(
    reference: Reference,
    command: commands.ConfirmProposal,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> ContractProposalView:
    """Draft the contract that the proposal is about. You state the whole of it; its parties are the proposal's.

    The draft is signed like any other. Where it is deleted, the proposal is open again.
    """
    contract = await commands.confirm_proposal(session, reference, command, by=by, today=today, stated_at=stated_at)
    response.headers["Location"] = f"../../contracts/{contract.reference}"
    return await queries.get_proposal(await raw(session), reference, by=by, as_known=None)


@router.post(
    "/contract-proposals/{reference}/rejection",
    status_code=201,
    summary="Reject a proposal",
    responses=problems(*_DECISION),
)
@binds("the proposal's customer")
async def reject_proposal(
    reference: Reference,
    command: commands.RejectProposal,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> ContractProposalView:
    """Say that it is no contract, and why. What is read again in the source stays rejected."""
    await commands.reject_proposal(session, reference, command, by=by, today=today, stated_at=stated_at)
    return await queries.get_proposal(await raw(session), reference, by=by, as_known=None)
