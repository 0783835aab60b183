"""Routes about procurements."""

from typing import Annotated

from fastapi import Depends, Query, Request, Response

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
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
from services.contracts.core.codes import OdsCode, Reference
from services.contracts.core.errors import ContractNotFound, FunctionUnknown, NoRuleInForce, ProposalUnconfirmed
from services.contracts.edge import Lead
from services.contracts.procurements import commands, errors, queries
from services.contracts.procurements.rules import Stage
from services.contracts.procurements.views import ProcurementView

router = commands_router(tags=["Procurements"])

_CHANGE_REFUSALS = (errors.ProcurementNotFound, NotYoursToDecide, RoleMissing)
_WHO_STATES = "the procurement's buyers, or who runs it for them"


async def _filters(
    buyer: Annotated[OdsCode | None, Query(description="ODS code of a buyer.")] = None,
    stage: Annotated[Stage | None, Query(description="Stage as at the day.")] = None,
) -> queries.ProcurementFilter:
    return queries.ProcurementFilter(buyer=buyer, stage=stage)


@router.get("/procurements", summary="List the procurements in which you buy or that you run", responses=problems())
async def list_procurements(
    request: Request,
    rows: Rows,
    by: By,
    filters: Annotated[queries.ProcurementFilter, Depends(_filters)],
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
) -> Page[ProcurementView]:
    """List procurements by reference, with stage and bidders as at the day, as known at the instant.

    A bidder reads nothing of them; a national body reads all.
    """
    found = await queries.list_procurements(
        rows, filters, by=by, as_at=as_at, as_known=as_known, after=paging.key(str), limit=paging.fetch
    )
    return page(found, key=lambda view: view.reference, request=request)


@router.get("/procurements/{reference}", summary="Read a procurement", responses=problems(errors.ProcurementNotFound))
async def get_procurement(reference: Reference, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown) -> ProcurementView:
    """Return stage and bidders as at the day, as known at the instant: a bidder that became known later is not shown
    before."""
    return await queries.get_procurement(rows, reference, by=by, as_at=as_at, as_known=as_known)


@router.post(
    "/procurements",
    status_code=201,
    summary="Begin a procurement",
    responses=problems(
        errors.ProcurementExists,
        errors.RegimeUnknown,
        errors.StageOutOfOrder,
        FunctionUnknown,
        NoRuleInForce,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("buyers")
async def begin_procurement(
    command: commands.BeginProcurement,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> ProcurementView:
    """Begin a procurement with its design. The answer is as at today."""
    procurement = await commands.begin_procurement(session, command, by=by, today=today, stated_at=stated_at)
    response.headers["Location"] = f"procurements/{procurement.reference}"
    return await _shown(session, procurement.reference, by, today)


@router.post(
    "/procurements/{reference}/stages",
    status_code=201,
    summary="State the stage of a procurement",
    responses=problems(
        *_CHANGE_REFUSALS,
        errors.StageOutOfOrder,
        errors.WinnerDoesNotBid,
        errors.ContractOfOthers,
        ContractNotFound,
        ProposalUnconfirmed,
    ),
)
@binds(_WHO_STATES)
async def state_stage(
    reference: Reference, command: commands.StateStage, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> ProcurementView:
    """State that a procurement has reached a stage. The answer is as at today."""
    await commands.state_stage(session, reference, command, by=by, today=today, stated_at=stated_at)
    return await _shown(session, reference, by, today)


@router.post(
    "/procurements/{reference}/bidders",
    status_code=201,
    summary="State who bids in a procurement",
    responses=problems(*_CHANGE_REFUSALS, errors.BidderBuys),
)
@binds(_WHO_STATES)
async def state_bidder(
    reference: Reference, command: commands.StateBidder, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> ProcurementView:
    """State on which days a body bids. What was known before stays: `as_known` shows who was not yet known to bid.

    The answer is as at today.
    """
    await commands.state_bidder(session, reference, command, by=by, today=today, stated_at=stated_at)
    return await _shown(session, reference, by, today)


async def _shown(session: Write, reference: str, by: Lead, today: Today) -> ProcurementView:
    return await queries.get_procurement(await raw(session), reference, by=by, as_at=today, as_known=None)
