"""Routes of previews of imports, which wait and run in the background, and of the formats that can be imported."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from libs.common.http import csv_text
from libs.common.http.csv_text import CSV_TOO, AsCsv
from libs.common.http.dependencies import Page, Paging, Rows, allowed, binds_none, page, problems
from libs.common.http.problems import RequestEntityTooLarge
from libs.common.http.transactions import SteppedRoute
from libs.common.identity import Caller, Role
from libs.common.temporal.days import WrittenDay
from services.registry.imports.files.source_file import MOST_RATIO
from services.registry.imports.formats.catalogue import FORMS
from services.registry.imports.preview import output, queue
from services.registry.imports.preview.models import PreviewPart
from services.registry.imports.preview.queue import PreviewNotFound, Shown, TooManyPreviews
from services.registry.imports.report import MOST_REFUSED
from services.registry.imports.views import (
    BodyPreviewView,
    ImportFormsView,
    ImportFormView,
    ImportPreviewView,
    OddView,
    RefusedLineView,
    Verdict,
)

router = APIRouter(tags=["Imports"], route_class=SteppedRoute)

_PAGE_OF_CSV = 5_000

_A_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "the file's bytes, compressed by gzip or not, at most MAX_UPLOAD_BYTES of them (200 MB unless "
        f"the operator sets it). Unpacked it may have MAX_UNPACKED_BYTES (1 GB), and {MOST_RATIO} times its packed "
        f"size; at most {MOST_REFUSED} of its lines may be ones that cannot be imported.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_CHANGES_NOTHING = "a preview is for its caller alone, and changes nothing of the registry"

By = Annotated[Caller, allowed(Role.REGISTRAR, Role.LOADER)]
Reference = Annotated[
    str,
    Path(
        pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
        description="the preview's reference",
        examples=["0f8a3c52-5d0e-4a3f-9b77-2f6f1d9f4c11"],
    ),
]
Verdicts = Annotated[
    list[Verdict] | None,
    Query(description="only organisations of these verdicts; left out, all but `agrees`", max_length=len(Verdict)),
]


@router.get("/imports/forms", response_model=ImportFormsView, summary="List the formats that can be imported")
async def list_import_forms() -> ImportFormsView:
    """List the formats of files, and by what a file of each is recognised."""
    return ImportFormsView(forms=[ImportFormView.model_validate(form) for form in FORMS])


@router.post(
    "/imports/previews",
    status_code=202,
    response_model=ImportPreviewView,
    summary="Preview the import of a file",
    responses=problems(TooManyPreviews, RequestEntityTooLarge),
    openapi_extra=_A_FILE,
)
@binds_none(because=_CHANGES_NOTHING)
async def preview_import(
    request: Request,
    response: Response,
    rows: Rows,
    by: By,
    file: Annotated[
        str,
        Query(
            description="the name of the file, which may have its day",
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$",
            examples=["epraccur_2021-11.csv.gz"],
        ),
    ],
    stated_on: Annotated[WrittenDay | None, Query(description="the day of a file whose name has none")] = None,
    form: Annotated[
        str | None,
        Query(
            description="the format of a file that is not recognised: a `key` of `GET /v1/imports/forms`",
            pattern=r"^[a-z0-9-]{1,80}$",
            examples=["epraccur"],
        ),
    ] = None,
) -> ImportPreviewView:
    """Take a file, and preview its import in the background; `Location` is where its progress and result are.

    The preview runs the import, compares what is believed on the day of the file before and after it, and rolls back. A
    parent is compared with the parent believed before, or with the successors of that one. It takes as long as the
    import; previews and imports run one at a time, and one that waits holds nothing.
    """
    reference = await queue.ask(
        rows,
        request.stream(),
        file=file,
        form=form or "",
        stated_on=stated_on,
        by=by,
        most_bytes=request.app.state.settings.max_upload_bytes,
    )
    response.headers["Location"] = f"{request.url.path}/{reference}"
    return await queue.get_preview(rows, reference, by=by)


@router.get(
    "/imports/previews/{reference}",
    response_model=ImportPreviewView,
    summary="Follow a preview",
    responses=problems(PreviewNotFound),
)
async def get_import_preview(reference: Reference, rows: Rows, by: By) -> ImportPreviewView:
    """Return how far a preview is, and when it is done, what the import would change, in numbers."""
    return await queue.get_preview(rows, reference, by=by)


@router.delete(
    "/imports/previews/{reference}",
    status_code=204,
    summary="Withdraw a preview",
    responses=problems(PreviewNotFound),
)
@binds_none(because=_CHANGES_NOTHING)
async def withdraw_import_preview(reference: Reference, rows: Rows, by: By) -> None:
    """Forget a preview and its result; one that runs is ended."""
    await queue.withdraw(rows, reference, by=by)


@router.get(
    "/imports/previews/{reference}/bodies",
    response_model=Page[BodyPreviewView],
    summary="List what a file would change",
    responses={200: CSV_TOO, **problems(PreviewNotFound)},
)
async def list_previewed_bodies(
    request: Request,
    reference: Reference,
    rows: Rows,
    by: By,
    paging: Paging,
    as_csv: AsCsv,
    verdict: Verdicts = None,
) -> Page[BodyPreviewView] | StreamingResponse:
    """List what the file would change of each organisation, ordered by code; as CSV all of them."""
    verdicts = frozenset(verdict or set(Verdict) - {Verdict.AGREES})
    if as_csv:
        await queue.get_preview(rows, reference, by=by)
        return csv_text.table("preview", output.HEADER, _all_bodies(rows, reference, by, verdicts))
    [after] = paging.key(int) or [0]
    found = await queue.list_rows(
        rows,
        reference,
        PreviewPart.BODIES,
        BodyPreviewView,
        by=by,
        after=after,
        limit=paging.fetch,
        verdicts=verdicts,
    )
    return _page(found, request)


@router.get(
    "/imports/previews/{reference}/refused-lines",
    response_model=Page[RefusedLineView],
    summary="List the lines that cannot be imported",
    responses=problems(PreviewNotFound),
)
async def list_refused_lines(
    request: Request, reference: Reference, rows: Rows, by: By, paging: Paging
) -> Page[RefusedLineView]:
    """List the lines of the file that cannot be imported, each with the reason."""
    [after] = paging.key(int) or [0]
    found = await queue.list_rows(
        rows, reference, PreviewPart.REFUSED, RefusedLineView, by=by, after=after, limit=paging.fetch
    )
    return _page(found, request)


@router.get(
    "/imports/previews/{reference}/findings",
    response_model=Page[OddView],
    summary="List what is odd in a file",
    responses=problems(PreviewNotFound),
)
async def list_previewed_findings(
    request: Request, reference: Reference, rows: Rows, by: By, paging: Paging
) -> Page[OddView]:
    """List what is odd in the file, which would be imported as it is."""
    [after] = paging.key(int) or [0]
    found = await queue.list_rows(rows, reference, PreviewPart.ODD, OddView, by=by, after=after, limit=paging.fetch)
    return _page(found, request)


def _page(found: Sequence[tuple[int, Shown]], request: Request) -> Page[Shown]:
    numbered = page(found, key=lambda one: one[0], request=request)
    return Page[Any](items=[shown for _, shown in numbered.items], next=numbered.next)


async def _all_bodies(
    rows: Rows, reference: str, by: Caller, verdicts: frozenset[Verdict]
) -> AsyncIterator[Iterable[Sequence[csv_text.Cell]]]:
    after = 0
    while found := await queue.list_rows(
        rows,
        reference,
        PreviewPart.BODIES,
        BodyPreviewView,
        by=by,
        after=after,
        limit=_PAGE_OF_CSV,
        verdicts=verdicts,
    ):
        yield output.cells(body for _, body in found)
        after = found[-1][0]
