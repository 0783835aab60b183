"""The routes of commitments and of reports of pressure."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

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
    allowed,
    binds,
    commands_router,
    page,
    problems,
)
from libs.common.http.transactions import SteppedRoute
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from services.governance.commitments import commands, errors, queries
from services.governance.commitments.views import CoercionReportView, CommitmentView, ConsultationView, ReceiptView
from services.governance.core.errors import DocumentMissing
from services.governance.edge import Lead

router = commands_router(tags=["Commitments"])
reports_router = APIRouter(tags=["Commitments"], route_class=SteppedRoute)
"""A read that records itself: its transaction is its own, committed before a report is sent."""

Reviewer = Annotated[Caller, allowed(Role.NHS_ENGLAND)]


@router.get("/commitments", summary="List commitments signed before their body existed", responses=problems())
async def list_commitments(
    request: Request, rows: Rows, by: By, paging: Paging, as_at: AsAt, as_known: AsKnown
) -> Page[CommitmentView]:
    """List the conditional contracts of your organisations, with who was consulted, and whether they were ratified."""
    after = paging.key(str)
    found = await queries.list_commitments(
        rows, by=by, as_at=as_at, as_known=as_known, after=after[0] if after else None, limit=paging.fetch
    )
    return page(found, key=lambda view: view.contract, request=request)


@router.post(
    "/commitments/{contract}/consultations",
    status_code=201,
    summary="Record whom a commitment was consulted with",
    responses=problems(errors.NotACommitment, DocumentMissing, NotYoursToDecide, RoleMissing),
)
@binds("organisation", "the body that took it over")
async def record_commitment_consultation(
    contract: Annotated[commands.ContractReference, Path()],
    command: commands.ConsultOnCommitment,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> ConsultationView:
    """Record that the practices or their committee were consulted: the finding `no_consultation` is then cleared."""
    await commands.record_consultation(session, contract, command, by=by, today=today, stated_at=stated_at)
    return ConsultationView.model_validate(command.model_dump())


@router.post(
    "/coercion-reports",
    status_code=201,
    summary="Report pressure to the reviewer",
    responses=problems(errors.NotAReporter, NotYoursToDecide, RoleMissing),
)
@binds("reporter", "the body that took it over")
async def lodge_report(
    command: commands.LodgeReport, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> ReceiptView:
    """Lodge a report for the national reviewer alone. It is no finding, is not published, and delays nothing."""
    report = await commands.lodge_report(session, command, by=by, today=today, stated_at=stated_at)
    return ReceiptView(report=report.id, lodged_on=report.lodged_on)


@reports_router.get(
    "/coercion-reports",
    summary="Read reports of pressure",
    responses=problems(NotYoursToDecide, RoleMissing),
)
async def list_coercion_reports(request: Request, rows: Rows, by: Reviewer, paging: Paging) -> Page[CoercionReportView]:
    """List the reports, by id, and record who read them. For the national reviewer alone."""
    after = paging.key(str)
    async with rows.begin() as session:
        found = await queries.read_reports(
            await raw(session), by=by, after=after[0] if after else None, limit=paging.fetch
        )
    return page(found, key=lambda view: view.report, request=request)
