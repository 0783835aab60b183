"""Acts of a body: known from now, with words that its own governance leads alone read."""

from datetime import date, datetime
from typing import Any

from libs.common.database.connection import Reads
from libs.common.errors import Conflict, Reason
from libs.common.process.clock import day_of
from services.governance.core.catalogue import ReasonsFor, reasons_on
from services.governance.core.errors import DocumentMissing, ReasonNotListed, refuse

_ACTS = """
SELECT id, organisation, operation, subject, effective_on, reason, note, document, recorded_by, recorded_at
  FROM act WHERE organisation = $1 AND ($2::bigint IS NULL OR id > $2) ORDER BY id LIMIT $3
"""


def paper_refusals(day: date, *, field: str, document: str | None, today: date, stated_at: datetime) -> list[Conflict]:
    """Return why an act cannot count from a day: it lies before today, and no document shows the act.

    A loader states past acts as of when their source did.
    """
    if day >= today or document is not None or day_of(stated_at) < today:
        return []
    message = f"{day.isoformat()} lies before {today.isoformat()}: name the document that shows this"
    return [DocumentMissing(message, reasons=[Reason(message, field)])]


def reason_title(code: str, day: date, *, subject: ReasonsFor) -> str:
    """Return the title of a reason, which everybody may read. Raises ReasonNotListed."""
    listed = reasons_on(day, subject=subject)
    if code not in listed:
        message = f"{code} is no reason on {day.isoformat()}; the reasons are: {', '.join(listed) or 'none'}"
        refuse([ReasonNotListed(message, reasons=[Reason(message, "reason")])])
    return listed[code]


async def list_acts(db: Reads, organisation: str, *, after: int | None, limit: int) -> list[dict[str, Any]]:
    """Return an organisation's acts in the order in which they were recorded."""
    return [dict(row) for row in await db.fetch(_ACTS, organisation, after, limit)]
