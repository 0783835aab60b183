"""Routes of documents that were requested."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Response

from libs.common.http.dependencies import By, Rows, problems, questions_router
from services.finance.documents import queries
from services.finance.documents.errors import DocumentNotFound, DocumentNotWritten
from services.finance.documents.views import DocumentView

router = questions_router(tags=["Reports"])

Document = Annotated[UUID, Path(description="The document, as its request returned it.")]


@router.get("/documents/{document}", summary="See how far a document is", responses=problems(DocumentNotFound))
async def get_document(document: Document, rows: Rows, by: By) -> DocumentView:
    """Return the state of a document that you requested, and if it failed the reason."""
    return await queries.get_document(rows, str(document), by=by)


@router.get(
    "/documents/{document}/content",
    summary="Read a document",
    response_class=Response,
    responses=problems(DocumentNotFound, DocumentNotWritten)
    | {
        200: {
            "description": "A PDF or a workbook.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def get_document_content(document: Document, rows: Rows, by: By) -> Response:
    """Return the bytes of a document that you requested, the same each time, as a file with a name.

    The ETag is of the bytes. They are kept for 90 days, or less where newer documents need the room.
    """
    name, content = await queries.get_content(rows, str(document), by=by)
    named = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/octet-stream", headers=named)
