"""Routes of reports."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from fastapi import Path, Query, Response, status
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.http.csv_text import lines
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Rows,
    StatedAt,
    Today,
    Write,
    binds_none,
    commands_router,
    problems,
    questions_router,
)
from libs.common.http.pages import page
from libs.common.identity import Caller
from libs.common.temporal.days import WrittenDay
from services.finance.case_contents.errors import CONTENT_REFUSALS
from services.finance.cases.errors import CaseNotFound, InputNotFound
from services.finance.cases.queries import get_version
from services.finance.cases.views import AffordabilityView
from services.finance.core.codes import ContractReference, Reference
from services.finance.core.errors import NoPackInForce
from services.finance.core.sight import sight_of
from services.finance.cost_shifts.errors import (
    HeadsUnknown,
    SupplierCustomerUnknown,
    SupplierPriceNotFound,
    TooManyExits,
)
from services.finance.documents.commands import RequestDocument, request_document
from services.finance.documents.queries import get_document
from services.finance.documents.views import DocumentView
from services.finance.edge import OneCode, PlannedExits, SupplierCode, replacements_in
from services.finance.exits.errors import BeyondHorizon, ContractNotKnown, ExitAssessmentNotFound, ExitTermsUnknown
from services.finance.figures.rules import figures_of
from services.finance.figures.tracing import Asker
from services.finance.parties.errors import LensNotFound, PartyNotFound
from services.finance.portfolios.errors import RunNotDone, RunNotFound
from services.finance.reports.queries import (
    Report,
    View,
    load_affordability,
    load_case_report,
    load_cost_shift_report,
    load_exit_report,
    load_run_report,
    load_savings_report,
)
from services.finance.reports.rules import as_html, cell_value
from services.finance.reports.views import (
    CaseReportView,
    CostShiftReportView,
    ExitReportView,
    RunReportView,
    SavingsReportView,
)
from services.finance.runs.queue import TooManyRuns
from services.finance.savings.errors import InitiativeNotFound

InitiativeReference = Annotated[
    str,
    Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$", description="The initiative.", examples=["HR-2018"]),
]
router = questions_router(tags=["Reports"])
requests_router = commands_router(tags=["Reports"])

OneVersion = Annotated[int, Path(ge=1, le=10_000, description="The number of the version.")]
OfPacks = Annotated[
    WrittenDay | None,
    Query(description="The day whose rule packs a draft is appraised with; a frozen version keeps its own."),
]
OneAssessment = Annotated[
    int | None, Query(ge=1, le=1_000_000, description="Default: the latest that you read.", examples=[1])
]
OneRun = Annotated[UUID, Path(description="The run, as its request returned it.")]

OF_CASE = (CaseNotFound, InputNotFound, NoPackInForce, *CONTENT_REFUSALS)
OF_EXIT = (
    *(ExitAssessmentNotFound, ContractNotKnown, ExitTermsUnknown, BeyondHorizon),
    *(LensNotFound, PartyNotFound, NoPackInForce),
)
OF_RUN = (RunNotFound, RunNotDone)
OF_SHIFT = (SupplierPriceNotFound, SupplierCustomerUnknown, HeadsUnknown, TooManyExits, NoPackInForce)
OWN = "a document is its caller's and shows what the caller reads: it decides nothing, for no organisation"

_REQUESTED: dict[int | str, dict[str, Any]] = {
    200: {"model": DocumentView, "description": "You requested the same document before: that one."}
}
_FORMS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/html": {"schema": {"type": "string"}}, "text/csv": {"schema": {"type": "string"}}}}
}
Form: TypeAlias = Annotated[
    Literal["json", "html", "csv"],
    Query(
        alias="format",
        description="`html`: a page for people. `csv`: a row for each figure, with its JSON pointer.",
    ),
]


def _shown(report: Report[View], form: str) -> View | Response:
    """Return a report as a page or a table, or as it is for JSON."""
    document = report.view.model_dump(mode="json")
    if form == "html":
        return page(as_html(report.title, document, report.charts(document)))
    if form == "csv":
        cells = ((pointer, cell_value(one)) for pointer, one in figures_of(document))
        table = lines(("pointer", "value"), cells)
        named = {"Content-Disposition": f'attachment; filename="{report.name}.csv"'}
        return Response(table, media_type="text/csv", headers=named)
    return report.view


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who requests a document, when, and of what was known then."""

    by: Caller
    today: date
    as_known: datetime | None
    stated_at: datetime


async def _requested(
    session: AsyncSession, report: Report[View], command: RequestDocument, asked: _Asked, response: Response, up: str
) -> DocumentView:
    """Queue a report's document; `up` leads from the request's path to the service's."""
    requested = await request_document(
        session,
        report.job(command.format),
        by=asked.by,
        today=asked.today,
        as_known=asked.as_known,
        stated_at=asked.stated_at,
    )
    response.headers["Location"] = f"{up}documents/{requested.reference}"
    if not requested.is_new:
        response.status_code = status.HTTP_200_OK
    return await get_document(await raw(session), requested.reference, by=asked.by)


@router.get(
    "/cases/{case}/versions/{version}/report",
    summary="Read a version as a report",
    response_model=CaseReportView,
    responses={**problems(*OF_CASE), **_FORMS},
)
async def get_report(
    case: Annotated[Reference, Path()],
    version: OneVersion,
    rows: Rows,
    by: By,
    as_known: AsKnown,
    as_at: OfPacks = None,
    form: Form = "json",
) -> CaseReportView | Response:
    """Return appraisal, comparison, affordability, losers and sensitivity of a version: the same in each form."""
    sight = await sight_of(rows, by)
    return _shown(await load_case_report(rows, case, version, sight=sight, as_at=as_at, as_known=as_known), form)


@requests_router.post(
    "/cases/{case}/versions/{version}/report",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Request a version as a document",
    responses={**_REQUESTED, **problems(*OF_CASE, TooManyRuns)},
)
@binds_none(because=OWN)
async def request_report(
    case: Annotated[Reference, Path()],
    version: OneVersion,
    command: RequestDocument,
    response: Response,
    session: Write,
    by: By,
    today: Today,
    as_known: AsKnown,
    stated_at: StatedAt,
    as_at: OfPacks = None,
) -> DocumentView:
    """Queue the report as a PDF, or as a workbook that leads from each input's flows to net present value.

    Every figure and every mark of a chart is that of the report's JSON. Read the document until it is done.
    """
    rows = await raw(session)
    sight = await sight_of(rows, by)
    report = await load_case_report(rows, case, version, sight=sight, as_at=as_at, as_known=as_known)
    return await _requested(session, report, command, _Asked(by, today, as_known, stated_at), response, "../../../../")


@router.get(
    "/cases/{case}/versions/{version}/affordability",
    summary="See what an option means to the books, by year",
    responses=problems(*OF_CASE),
    tags=["Cases"],
)
async def get_affordability(
    case: Annotated[Reference, Path()],
    version: OneVersion,
    rows: Rows,
    by: By,
    as_known: AsKnown,
    as_at: OfPacks = None,
    option: Annotated[
        str | None, Query(max_length=39, description="Left out: the preferred option.", examples=["shared"])
    ] = None,
) -> AffordabilityView:
    """Return cash, capital and revenue by organisation and year, with capital charges and irrecoverable VAT.

    Beside them stand the year's budget and what was drawn of funds for the case, of organisations that you read.
    """
    sight = await sight_of(rows, by)
    found = await get_version(rows, case, version, sight=sight, as_at=as_at, as_known=as_known)
    return await load_affordability(rows, found, option, sight=sight)


@router.get(
    "/exit-assessments/{contract}/report",
    summary="Read an assessment of exits as a report",
    response_model=ExitReportView,
    responses={**problems(*OF_EXIT), **_FORMS},
)
async def get_exit_report(
    contract: Annotated[ContractReference, Path()],
    rows: Rows,
    by: By,
    as_at: AsAt,
    as_known: AsKnown,
    organisation: OneCode = None,
    version: OneAssessment = None,
    form: Form = "json",
) -> ExitReportView | Response:
    """Return every exit through every lens, with packs, inputs and events: the same figures in each form."""
    view = Asker(await sight_of(rows, by), as_at, as_known)
    return _shown(await load_exit_report(rows, contract, organisation=organisation, version=version, view=view), form)


@requests_router.post(
    "/exit-assessments/{contract}/report",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Request an assessment of exits as a document",
    responses={**_REQUESTED, **problems(*OF_EXIT, TooManyRuns)},
)
@binds_none(because=OWN)
async def request_exit_report(
    contract: Annotated[ContractReference, Path()],
    command: RequestDocument,
    response: Response,
    session: Write,
    by: By,
    today: Today,
    as_at: AsAt,
    as_known: AsKnown,
    stated_at: StatedAt,
    organisation: OneCode = None,
    version: OneAssessment = None,
) -> DocumentView:
    """Queue the report as a PDF with the calendar of exits, or as a workbook."""
    rows = await raw(session)
    view = Asker(await sight_of(rows, by), as_at, as_known)
    report = await load_exit_report(rows, contract, organisation=organisation, version=version, view=view)
    return await _requested(session, report, command, _Asked(by, today, as_known, stated_at), response, "../../")


@router.get(
    "/runs/{run}/report",
    summary="Read the plan of a run as a report",
    response_model=RunReportView,
    responses={**problems(*OF_RUN), **_FORMS},
)
async def get_run_report(
    run: OneRun, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown, form: Form = "json"
) -> RunReportView | Response:
    """Return the plan, what each item would rather do, other budgets and clashes: the same figures in each form."""
    view = Asker(await sight_of(rows, by), as_at, as_known)
    return _shown(await load_run_report(rows, str(run), view=view), form)


@requests_router.post(
    "/runs/{run}/report",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Request the plan of a run as a document",
    responses={**_REQUESTED, **problems(*OF_RUN, TooManyRuns)},
)
@binds_none(because=OWN)
async def request_run_report(
    run: OneRun,
    command: RequestDocument,
    response: Response,
    session: Write,
    by: By,
    today: Today,
    as_at: AsAt,
    as_known: AsKnown,
    stated_at: StatedAt,
) -> DocumentView:
    """Queue the report as a PDF with value against budget, or as a workbook."""
    rows = await raw(session)
    report = await load_run_report(rows, str(run), view=Asker(await sight_of(rows, by), as_at, as_known))
    return await _requested(session, report, command, _Asked(by, today, as_known, stated_at), response, "../../")


@router.get(
    "/initiatives/{ref}/savings/report",
    summary="Read the savings of an initiative as a report",
    response_model=SavingsReportView,
    responses={**problems(InitiativeNotFound), **_FORMS},
)
async def get_savings_report(
    ref: InitiativeReference, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown, form: Form = "json"
) -> SavingsReportView | Response:
    """Return what was forecast, contracted and realised, with its claims and events: the same figures in each form."""
    view = Asker(await sight_of(rows, by), as_at, as_known)
    return _shown(await load_savings_report(rows, ref, view=view), form)


@requests_router.post(
    "/initiatives/{ref}/savings/report",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Request the savings of an initiative as a document",
    responses={**_REQUESTED, **problems(InitiativeNotFound, TooManyRuns)},
)
@binds_none(because=OWN)
async def request_savings_report(
    ref: InitiativeReference,
    command: RequestDocument,
    response: Response,
    session: Write,
    by: By,
    today: Today,
    as_at: AsAt,
    as_known: AsKnown,
    stated_at: StatedAt,
) -> DocumentView:
    """Queue the report as a PDF with the waterfall of savings, or as a workbook."""
    rows = await raw(session)
    report = await load_savings_report(rows, ref, view=Asker(await sight_of(rows, by), as_at, as_known))
    return await _requested(session, report, command, _Asked(by, today, as_known, stated_at), response, "../../../")


@router.get(
    "/suppliers/{code}/cost-shift/report",
    summary="Read what exits from a supplier shift to others as a report",
    response_model=CostShiftReportView,
    responses={**problems(*OF_SHIFT), **_FORMS},
)
async def get_cost_shift_report(
    code: SupplierCode,
    rows: Rows,
    by: By,
    as_at: AsAt,
    as_known: AsKnown,
    exits: PlannedExits,
    form: Form = "json",
) -> CostShiftReportView | Response:
    """Return who gains and who loses when customers leave, with packs and events: the same figures in each form."""
    view = Asker(await sight_of(rows, by), as_at, as_known)
    return _shown(await load_cost_shift_report(rows, code, replacements_in(exits), view=view), form)


@requests_router.post(
    "/suppliers/{code}/cost-shift/report",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Request what exits from a supplier shift to others as a document",
    responses={**_REQUESTED, **problems(*OF_SHIFT, TooManyRuns)},
)
@binds_none(because=OWN)
async def request_cost_shift_report(
    code: SupplierCode,
    command: RequestDocument,
    response: Response,
    session: Write,
    by: By,
    today: Today,
    as_at: AsAt,
    as_known: AsKnown,
    stated_at: StatedAt,
    exits: PlannedExits,
) -> DocumentView:
    """Queue the report as a PDF with the chart of who gains and who loses, or as a workbook."""
    rows = await raw(session)
    view = Asker(await sight_of(rows, by), as_at, as_known)
    report = await load_cost_shift_report(rows, code, replacements_in(exits), view=view)
    return await _requested(session, report, command, _Asked(by, today, as_known, stated_at), response, "../../../")
