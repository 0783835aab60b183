"""Routes of imports of published payments, which wait and run in the background."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Path, Query, Request, Response

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
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
)
from libs.common.http.problems import RequestEntityTooLarge
from libs.common.http.transactions import documents_router
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from services.contracts.core.codes import OdsCode
from services.contracts.imports import commands, queries
from services.contracts.imports.errors import ImportNotFound, TooManyImports
from services.contracts.imports.views import PaymentImportView, RefusedLineView

router = documents_router(tags=["Spend"])

Importer = Annotated[Caller, allowed(Role.CONTRACT_LEAD, Role.NHS_ENGLAND, Role.LOADER)]
ImportReference = Annotated[
    str,
    Path(
        pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
        description="The import's reference.",
        examples=["0f8a3c52-5d0e-4a3f-9b77-2f6f1d9f4c11"],
    ),
]
_A_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file's bytes: a CSV, packed by gzip or not, at most 25 MB, and 60 MB and 250,000 lines "
        "unpacked. One of its first 30 lines has headings for supplier, date and amount, and for the payer unless that "
        "is given; at most 1,000 lines may be no payments.",
        "content": {
            "application/octet-stream": {
                "schema": {"type": "string", "format": "binary"},
                "example": "Entity,Date,Supplier,Amount\nNHS Dudley CCG,31/10/2016,MIDLANDS AND LANCS CSU,76916.67\n",
            }
        },
    }
}


@router.post(
    "/imports/payments",
    status_code=202,
    summary="Import a file of published payments",
    responses=problems(TooManyImports, RequestEntityTooLarge, NotYoursToDecide, RoleMissing),
    openapi_extra=_A_FILE,
)
@binds("the payers that the file names")
async def import_payments(
    request: Request,
    response: Response,
    session: Write,
    by: Importer,
    today: Today,
    stated_at: StatedAt,
    file: Annotated[
        str,
        Query(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,119}$",
            description="The file's name, by which its publication is known where no column names it.",
            examples=["nel-spend-2020-06.csv"],
        ),
    ],
    payer: Annotated[
        OdsCode | None,
        Query(description="Whose payments they are; left out: the file names its payers, for a national body."),
    ] = None,
) -> PaymentImportView:
    """Take a file, and import it in the background; `Location` is where its progress and its result are.

    Every line is taken with what is odd about it, or refused with the reason. A line of a publication is taken once,
    however often it is sent; the same line in two publications counts twice, and is flagged.
    """
    reference = await commands.ask_for_import(
        session,
        await request.body(),
        file=file,
        payer=payer,
        by=by,
        today=today,
        stated_at=_loaded(request, stated_at),
    )
    response.headers["Location"] = f"{request.url.path}/{reference}"
    return await queries.get_import(await raw(session), reference, by=by)


@router.get("/imports/payments/{reference}", summary="Follow an import of payments", responses=problems(ImportNotFound))
async def get_payment_import(reference: ImportReference, rows: Rows, by: By) -> PaymentImportView:
    """Return how far an import is, and when it is done, how many lines were taken, known and refused."""
    return await queries.get_import(rows, reference, by=by)


@router.get(
    "/imports/payments/{reference}/refused-lines",
    summary="List the lines that are no payments",
    responses=problems(ImportNotFound),
)
async def list_refused_payment_lines(
    request: Request, reference: ImportReference, rows: Rows, by: By, paging: Paging
) -> Page[RefusedLineView]:
    """List the lines of the file that are no payments, each with its reason.

    Those that are odd and taken: `GET /published-payments` with `import` and `flag`.
    """
    [after] = paging.key(int) or [0]
    found = await queries.list_refused(rows, reference, by=by, after=after, limit=paging.fetch)
    return page(found, key=lambda one: one.line, request=request)


def _loaded(request: Request, stated_at: datetime) -> datetime | None:
    """Return the instant that a loader gave; otherwise the payments are known from their import on."""
    return stated_at if "Stated-At" in request.headers else None
