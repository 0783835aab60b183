"""Routes that read dossiers and export them."""

from typing import Annotated

from fastapi import Path, Request
from fastapi.responses import StreamingResponse

from libs.common.http.dependencies import (
    By,
    Page,
    Paging,
    Rows,
    page,
    problems,
    questions_router,
)
from libs.common.identity import NotYoursToDecide
from services.governance.dossiers import errors, export, queries
from services.governance.dossiers.views import DossierView, EntryView

router = questions_router(tags=["Dossiers"])

Decision = Annotated[
    str,
    Path(
        description="The id of a decision, from `GET /decisions`.",
        pattern=r"^D-[0-9a-fA-F-]{36}$",
        examples=["D-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"],
    ),
]


@router.get(
    "/decisions/{decision}/dossier",
    summary="Read the state of a dossier",
    responses=problems(errors.DossierNotFound, NotYoursToDecide),
)
async def get_dossier(decision: Decision, rows: Rows, by: By) -> DossierView:
    """Return whether it is open or sealed, which steps are missing, and the head of each part.

    For who acts for the organisation whose decision it is, for one that it binds, or for a successor.
    """
    return await queries.read_dossier(rows, await queries.get_own(rows, decision, by=by))


@router.get(
    "/decisions/{decision}/dossier/entries",
    summary="List the entries of a dossier",
    responses=problems(errors.DossierNotFound, NotYoursToDecide),
)
async def list_dossier_entries(
    decision: Decision, request: Request, rows: Rows, by: By, paging: Paging
) -> Page[EntryView]:
    """List what led to the decision and what followed, in the order of the chain. Names are hashes here."""
    await queries.get_own(rows, decision, by=by)
    (after,) = paging.key(int) or (0,)
    found = await queries.list_entries(rows, decision, after=after, limit=paging.fetch)
    return page(found, key=lambda entry: entry.number, request=request)


@router.get(
    "/decisions/{decision}/dossier.zip",
    summary="Export a dossier with its verifier",
    response_class=StreamingResponse,
    responses=problems(errors.DossierNotFound, NotYoursToDecide)
    | {
        200: {
            "description": "A zip.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def export_dossier(decision: Decision, rows: Rows, by: By) -> StreamingResponse:
    """Export entries, hashes and a verifier of some 30 lines that needs nothing else, as one zip."""
    await queries.get_own(rows, decision, by=by)
    named = {"Content-Disposition": f'attachment; filename="dossier-{decision}.zip"'}
    written = export.zipped(queries.all_lines(rows.bulk, decision))
    return StreamingResponse(written, media_type="application/octet-stream", headers=named)
