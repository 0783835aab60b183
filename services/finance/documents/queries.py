"""Reads documents that their caller requested."""

import hashlib
from base64 import b64decode

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.finance.documents.errors import DocumentNotFound, DocumentNotWritten
from services.finance.documents.jobs import Format, WrittenDocument
from services.finance.documents.views import DocumentView, WritingView
from services.finance.runs import queue
from services.finance.runs.models import RunKind
from services.finance.runs.queue import RunRow

KIND = RunKind.DOCUMENT


def subject_of(by: Caller, name: str) -> str:
    """Return what a run writes and for whom: its caller, as long as that acts for the same organisations."""
    whose = "\n".join((by.issuer, by.subject, *sorted(by.organisations)))
    return f"{hashlib.sha256(whose.encode()).hexdigest()}/{name}"


async def get_document(db: Reads, document: str, *, by: Caller) -> DocumentView:
    """Return how far a document is. Raises DocumentNotFound."""
    row, name = await _get_row(db, document, by=by, with_content=False)
    return DocumentView(
        document=row.reference,
        name=name,
        format=Format(name.rpartition(".")[2]),
        state=row.state,
        digest=row.digest,
        requested_at=row.requested_at,
        progress=None if row.progress is None else WritingView.model_validate_json(row.progress),
        reason=row.reason,
    )


async def get_content(db: Reads, document: str, *, by: Caller) -> tuple[str, bytes]:
    """Return a document's name and bytes. Raises DocumentNotFound, DocumentNotWritten."""
    row, name = await _get_row(db, document, by=by, with_content=True)
    if row.result is None:
        raise DocumentNotWritten(f"{document} is {row.state}" + (f": {row.reason}" if row.reason else ""))
    written = WrittenDocument.model_validate_json(row.result)
    return name, b64decode(written.content)


async def _get_row(db: Reads, document: str, *, by: Caller, with_content: bool) -> tuple[RunRow, str]:
    """Return the run that writes a document, and the document's name, for who requested it."""
    row = await queue.find_run(db, document, KIND, with_result=with_content)
    if row is not None:
        name = row.subject.rpartition("/")[2]
        if row.subject == subject_of(by, name):
            return row, name
    raise DocumentNotFound(f"you have requested no document {document}")
