"""Routes of reports."""

from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from fastapi import Path, Query, Response
from pydantic import BaseModel

from libs.common.http.csv_text import lines
from libs.common.http.dependencies import AsAt, AsKnown, By, Rows, problems, questions_router
from libs.common.http.pages import page
from libs.common.temporal.days import WrittenDay
from services.finance.case_contents.errors import CONTENT_REFUSALS
from services.finance.cases import presentation
from services.finance.cases.errors import CaseNotFound, InputNotFound
from services.finance.cases.queries import get_version
from services.finance.cases.views import AffordabilityView
from services.finance.core.codes import ContractReference, Reference
from services.finance.core.errors import NoPackInForce
from services.finance.core.sight import sight_of
from services.finance.edge import OneCode
from services.finance.exits.errors import BeyondHorizon, ContractNotKnown, ExitAssessmentNotFound, ExitTermsUnknown
from services.finance.figures.rules import figures_of
from services.finance.figures.tracing import Asker
from services.finance.parties.errors import LensNotFound, PartyNotFound
from services.finance.portfolios.errors import RunNotDone, RunNotFound
from services.finance.reports.queries import (
    load_affordability,
    load_exit_report,
    load_run_report,
    load_savings_report,
)
from services.finance.reports.rules import as_html, cell_value
from services.finance.reports.views import CaseReportView, ExitReportView, RunReportView, SavingsReportView
from services.finance.savings.errors import InitiativeNotFound

InitiativeReference = Annotated[
    str,
    Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$", description="The initiative.", examples=["HR-2018"]),
]
router = questions_router(tags=["Reports"])

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


def _shown(report: BaseModel, form: str, title: str, name: str) -> Response | None:
    """Return a report as a page or a table; None where JSON was asked for."""
    document = report.model_dump(mode="json")
    if form == "html":
        return page(as_html(title, document))
    if form == "csv":
        cells = ((pointer, cell_value(one)) for pointer, one in figures_of(document))
        table = lines(("pointer", "value"), cells)
        named = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
        return Response(table, media_type="text/csv", headers=named)
    return None


@router.get(
    "/cases/{case}/versions/{version}/report",
    summary="Read a version as a report",
    response_model=CaseReportView,
    responses={**problems(CaseNotFound, InputNotFound, NoPackInForce, *CONTENT_REFUSALS), **_FORMS},
)
async def get_report(
    case: Annotated[Reference, Path()],
    version: Annotated[int, Path(ge=1, le=10_000, description="The number of the version.")],
    rows: Rows,
    by: By,
    as_known: AsKnown,
    as_at: Annotated[
        WrittenDay | None,
        Query(description="The day whose rule packs a draft is appraised with; a frozen version keeps its own."),
    ] = None,
    form: Form = "json",
) -> CaseReportView | Response:
    """Return the appraisal, comparison, affordability and losers of a version: the same figures in each form."""
    sight = await sight_of(rows, by)
    found = await get_version(rows, case, version, sight=sight, as_at=as_at, as_known=as_known)
    report = CaseReportView(
        appraisal=presentation.appraisal_view(found),
        comparison=presentation.comparison_view(found, None),
        affordability=await load_affordability(rows, found, None, sight=sight),
        losers=presentation.losers_view(found, None, None),
    )
    name = f"{found.case}-{found.version}"
    return _shown(report, form, f"{found.content.title} ({name})", name) or report


@router.get(
    "/cases/{case}/versions/{version}/affordability",
    summary="See what an option means to the books, by year",
    responses=problems(CaseNotFound, InputNotFound, NoPackInForce, *CONTENT_REFUSALS),
    tags=["Cases"],
)
async def get_affordability(
    case: Annotated[Reference, Path()],
    version: Annotated[int, Path(ge=1, le=10_000, description="The number of the version.")],
    rows: Rows,
    by: By,
    as_known: AsKnown,
    as_at: Annotated[
        WrittenDay | None,
        Query(description="The day whose rule packs a draft is appraised with; a frozen version keeps its own."),
    ] = None,
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
    responses={
        **problems(
            *(ExitAssessmentNotFound, ContractNotKnown, ExitTermsUnknown, BeyondHorizon),
            *(LensNotFound, PartyNotFound, NoPackInForce),
        ),
        **_FORMS,
    },
)
async def get_exit_report(
    contract: Annotated[ContractReference, Path()],
    rows: Rows,
    by: By,
    as_at: AsAt,
    as_known: AsKnown,
    organisation: OneCode = None,
    version: Annotated[
        int | None, Query(ge=1, le=1_000_000, description="Default: the latest that you read.", examples=[1])
    ] = None,
    form: Form = "json",
) -> ExitReportView | Response:
    """Return every exit through every lens, with packs, inputs and events: the same figures in each form."""
    view = Asker(await sight_of(rows, by), as_at, as_known)
    report = await load_exit_report(rows, contract, organisation=organisation, version=version, view=view)
    shown = report.assessment
    title = f"When to leave {shown.contract}: version {shown.version} of {shown.organisation}"
    return _shown(report, form, title, f"{shown.contract}-{shown.version}") or report


@router.get(
    "/runs/{run}/report",
    summary="Read the plan of a run as a report",
    response_model=RunReportView,
    responses={**problems(RunNotFound, RunNotDone), **_FORMS},
)
async def get_run_report(
    run: Annotated[UUID, Path(description="The run, as its request returned it.")],
    rows: Rows,
    by: By,
    as_at: AsAt,
    as_known: AsKnown,
    form: Form = "json",
) -> RunReportView | Response:
    """Return the plan, what each item would rather do, other budgets and clashes: the same figures in each form."""
    view = Asker(await sight_of(rows, by), as_at, as_known)
    report = await load_run_report(rows, str(run), view=view)
    return _shown(report, form, f"{report.title} ({report.run.portfolio})", f"run-{run}") or report


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
    report = await load_savings_report(rows, ref, view=view)
    return _shown(report, form, f"Savings of {ref}", f"savings-{ref}") or report
