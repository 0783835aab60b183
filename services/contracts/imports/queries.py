"""Reads imports of payments, for the caller who asked for them."""

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.contracts.imports.errors import ImportNotFound
from services.contracts.imports.views import PaymentImportView, RefusedLineView

_IMPORT = """
SELECT id, reference::text AS reference, file, payer, sha256, state, asked_at, stated_at, progress, reason, lines,
       taken, repeated, refused
  FROM payment_import WHERE reference = $1::uuid AND asked_by = $2
"""
_REFUSED = (
    "SELECT line, text, reason FROM payment_import_refusal WHERE import_id = $1 AND line > $2 ORDER BY 1 LIMIT $3"
)


async def get_import(db: Reads, reference: str, *, by: Caller) -> PaymentImportView:
    """Return an import that the caller asked for. Raises ImportNotFound."""
    return (await _found(db, reference, by=by))[1]


async def list_refused(db: Reads, reference: str, *, by: Caller, after: int, limit: int) -> list[RefusedLineView]:
    """Return the lines that are no payments, after the cursor. Raises ImportNotFound."""
    number, _ = await _found(db, reference, by=by)
    return [RefusedLineView(**row) for row in await db.fetch(_REFUSED, number, after, limit)]


async def _found(db: Reads, reference: str, *, by: Caller) -> tuple[int, PaymentImportView]:
    rows = await db.fetch(_IMPORT, reference, by.subject)
    if not rows:
        raise ImportNotFound(f"you asked for no import {reference}")
    return rows[0]["id"], PaymentImportView.model_validate(dict(rows[0]))
