"""Routes of estates: workbooks of ERIC, their rows, the backlog by year, PFI schemes."""

from typing import Annotated, Any

from fastapi import Path, Query, Request, Response, status
from fastapi.responses import StreamingResponse

from libs.common.database.connection import raw
from libs.common.http import csv_text
from libs.common.http.csv_text import CSV_TOO, AsCsv
from libs.common.http.dependencies import (
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
    page,
    problems,
    questions_router,
)
from libs.common.http.paging import UnreadableCursor
from libs.common.http.problems import RequestEntityTooLarge
from libs.common.http.transactions import documents_router
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from services.finance.core.errors import NoPackInForce
from services.finance.edge import OfYear, OneCode, OneYear
from services.finance.estates import commands, errors, queries, tables
from services.finance.estates.sheets import RowVerdict
from services.finance.estates.views import (
    BacklogYearsView,
    SchemesOfYearView,
    SchemeView,
    WorkbookRowView,
    WorkbookView,
)

router = questions_router(tags=["Estates"])
uploads_router = documents_router(tags=["Estates"])

Workbook = Annotated[
    str,
    Path(
        pattern=r"^[0-9a-f]{64}$",
        description="SHA-256 of the workbook's bytes, in hexadecimal.",
        examples=["2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"],
    ),
]
_A_WORKBOOK: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The workbook's bytes, .xls or .xlsx, at most 25 MB.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def _line(one: WorkbookRowView) -> tuple[str, int]:
    return one.sheet, one.line


def _scheme(one: SchemeView) -> tuple[str, str, str]:
    return one.organisation, one.site, one.scheme


@uploads_router.post(
    "/estates/workbooks",
    status_code=status.HTTP_201_CREATED,
    summary="Take a workbook of ERIC",
    responses={
        200: {"model": WorkbookView, "description": "The same bytes were taken before, and count as they did."},
        **problems(
            RoleMissing,
            NotYoursToDecide,
            NoPackInForce,
            RequestEntityTooLarge,
            errors.YearNotBegun,
            errors.WorkbookUnreadable,
            errors.WorkbookTooLarge,
            errors.WorkbookOfAnotherYear,
            errors.TooManyWorkbooks,
        ),
    },
    openapi_extra=_A_WORKBOOK,
)
@binds("every organisation of which the workbook has a row")
async def take_estates_workbook(
    request: Request,
    response: Response,
    session: Write,
    by: Annotated[Caller, allowed(Role.FINANCE_LEAD)],
    today: Today,
    stated_at: StatedAt,
    year: OfYear,
    file: Annotated[
        str,
        Query(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$", description="Its name.", examples=["ERIC-2016-17.xls"]),
    ],
) -> WorkbookView:
    """Take the sheets of sites and of PFI schemes of one year, every row with its verdict: none is dropped.

    Columns are found by the names that the year's rule pack has. "Not Applicable" is no figure, and is counted. Of an
    organisation and a year the workbook stated last counts. The same bytes again change nothing.
    """
    taken = await commands.take_workbook(
        session, await request.body(), file=file, year=year, by=by, today=today, stated_at=stated_at
    )
    if not taken.is_new:
        response.status_code = status.HTTP_200_OK
    return await queries.get_workbook(await raw(session), taken.digest, as_known=None)


@router.get("/estates/workbooks", summary="List workbooks of ERIC", responses=problems(UnreadableCursor))
async def list_estates_workbooks(
    request: Request, rows: Rows, _: By, paging: Paging, as_known: AsKnown, year: OneYear = None
) -> Page[WorkbookView]:
    """List the workbooks that were taken, in that order, each with what became of its rows."""
    [after] = paging.key(int) or (0,)
    found = await queries.list_workbooks(rows, year=year, as_known=as_known, after=after, limit=paging.fetch)
    numbered = page(found, key=lambda one: one[0], request=request)
    return Page[WorkbookView](items=[view for _, view in numbered.items], next=numbered.next)


@router.get(
    "/estates/workbooks/{workbook}", summary="Read a workbook of ERIC", responses=problems(errors.WorkbookNotFound)
)
async def get_estates_workbook(workbook: Workbook, rows: Rows, _: By, as_known: AsKnown) -> WorkbookView:
    """Return what a workbook states as a whole, and how many of its rows have which verdict."""
    return await queries.get_workbook(rows, workbook, as_known=as_known)


@router.get(
    "/estates/workbooks/{workbook}/rows",
    summary="List the rows of a workbook of ERIC",
    response_model=Page[WorkbookRowView],
    responses={200: CSV_TOO, **problems(errors.WorkbookNotFound, UnreadableCursor)},
)
async def list_estates_rows(
    request: Request,
    workbook: Workbook,
    rows: Rows,
    _: By,
    paging: Paging,
    as_known: AsKnown,
    as_csv: AsCsv,
    verdict: Annotated[
        list[RowVerdict] | None,
        Query(description="Only rows of these. For example, `refused`.", max_length=len(RowVerdict)),
    ] = None,
    organisation: OneCode = None,
    with_finding: Annotated[bool, Query(description="Only rows about which there is something to say.")] = False,
) -> Page[WorkbookRowView] | StreamingResponse:
    """List every row of a workbook with its verdict and what is odd about it; as CSV all of them."""
    await queries.get_workbook(rows, workbook, as_known=as_known)
    asked = queries.RowFilter(verdict, organisation, with_finding)

    async def listed(after: tuple[str, int], limit: int) -> list[WorkbookRowView]:
        return await queries.list_rows(rows, workbook, asked, as_known=as_known, after=after, limit=limit)

    if as_csv:
        return csv_text.table("rows", tables.ROWS_HEADER, tables.pages(listed, ("", 0), _line, tables.row_cells))
    found = await listed(paging.key(str, int) or ("", 0), paging.fetch)
    return page(found, key=_line, request=request)


@router.get("/estates/years", summary="Read the backlog by year", responses=problems())
async def get_backlog_years(rows: Rows, _: By, as_known: AsKnown) -> BacklogYearsView:
    """Return the backlog of every year by category, all organisations together."""
    return await queries.get_years(rows, as_known=as_known)


@router.get(
    "/estates/schemes",
    summary="List PFI schemes",
    response_model=Page[SchemeView],
    responses={200: CSV_TOO, **problems(UnreadableCursor)},
)
async def list_schemes(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    year: OfYear,
    as_known: AsKnown,
    as_csv: AsCsv,
    organisation: OneCode = None,
) -> Page[SchemeView] | StreamingResponse:
    """List the PFI schemes of a year with what they cost, by organisation, site and name; as CSV all of them."""

    async def listed(after: tuple[str, str, str], limit: int) -> list[SchemeView]:
        return await queries.list_schemes(
            rows, year, organisation=organisation, as_known=as_known, after=after, limit=limit
        )

    if as_csv:
        return csv_text.table(
            "schemes", tables.SCHEMES_HEADER, tables.pages(listed, ("", "", ""), _scheme, tables.scheme_cells)
        )
    found = await listed(paging.key(str, str, str) or ("", "", ""), paging.fetch)
    return page(found, key=_scheme, request=request)


@router.get("/estates/schemes/total", summary="Read what PFI schemes cost together", responses=problems())
async def get_schemes_total(rows: Rows, _: By, year: OfYear, as_known: AsKnown) -> SchemesOfYearView:
    """Return the sums of a year's schemes. What the year's workbook does not ask for is null, not nothing."""
    return await queries.get_schemes_of_year(rows, year, as_known=as_known)
