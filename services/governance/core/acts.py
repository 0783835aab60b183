"""Acts of a body: known from now, with words that its own governance leads alone read."""

from datetime import date, datetime
from typing import Any, Protocol

from libs.common.database.connection import Reads
from libs.common.errors import Conflict, Reason
from libs.common.identity import Caller
from libs.common.process.clock import day_of, start_of
from libs.common.temporal.believed import NOW, about, as_known
from libs.organisations.statements import Facet
from services.governance.core.catalogue import ReasonsFor, reasons_on
from services.governance.core.errors import DocumentMissing, ReasonNotListed, refuse
from services.governance.core.models import Act, known


class WithWords(Protocol):
    """A command with its private words."""

    note: str | None
    document: str | None


_ACTS = """
SELECT id, organisation, operation, subject, effective_on, stated_at, reason, note, document, recorded_by, recorded_at
  FROM act
 WHERE organisation = $1 AND ($2::bigint IS NULL OR id > $2) AND ($3::timestamptz IS NULL OR stated_at < $3)
 ORDER BY id LIMIT $4
"""
_CLOSED_FROM = f"""
SELECT min(lower(b.valid)) AS day
  FROM known_organisation o JOIN known_organisation_belief b ON b.subject_id = o.id
 WHERE o.code = $1 AND {about("b", Facet.LIFE)} AND b.value = 'closed' AND {as_known("b", NOW)} AND upper_inf(b.valid)
"""  # noqa: S608  (only names of ours are put in)


def paper_refusals(day: date, *, field: str, document: str | None, today: date, stated_at: datetime) -> list[Conflict]:
    """Return why an act cannot count from a day: it lies before today, and no document shows the act.

    A loader states past acts as of when their source did.
    """
    if day >= today or document is not None or day_of(stated_at) < today:
        return []
    message = f"{day.isoformat()} lies before {today.isoformat()}: name the document that shows this"
    return [DocumentMissing(message, reasons=[Reason(message, field)])]


def new_act(
    command: WithWords,
    operation: str,
    subject: str,
    day: date,
    *,
    organisation: str,
    by: Caller,
    stated_at: datetime,
    reason: str | None = None,
) -> Act:
    """Return the act that a command is, with its private words: `day` is the first on which it counts."""
    return Act(
        organisation=organisation,
        operation=operation,
        subject=subject,
        effective_on=day,
        reason=reason,
        note=command.note,
        document=command.document,
        stated_at=stated_at,
        recorded_by=by.subject,
    )


def reason_title(code: str, day: date, *, subject: ReasonsFor) -> str:
    """Return the title of a reason, which everybody may read. Raises ReasonNotListed."""
    listed = reasons_on(day, subject=subject)
    if code not in listed:
        message = f"{code} is no reason on {day.isoformat()}; the reasons are: {', '.join(listed) or 'none'}"
        refuse([ReasonNotListed(message, reasons=[Reason(message, "reason")])])
    return listed[code]


async def must_decide_for(db: Reads, organisation: str, *, by: Caller, today: date) -> None:
    """Raise NotYoursToDecide unless the caller acts for an organisation, and for the body that took it over whole.

    So an account of a body that is gone changes nothing that its successor continues.
    """
    await known.must_act_for(db, await known.deciders(db, [organisation], today=today), by=by)


async def list_acts(db: Reads, organisation: str, *, by: Caller, after: int | None, limit: int) -> list[dict[str, Any]]:
    """Return an organisation's acts in the order in which they were recorded. Raises NotYoursToDecide.

    Who acts for an organisation that has ended, and for no successor of it, sees what was stated before its end.
    """
    await known.must_act_for(db, [organisation], by=by)
    ended_at = None
    if not by.is_national and organisation not in await known.predecessors(db, by.organisations - {organisation}):
        [row] = await db.fetch(_CLOSED_FROM, organisation)
        ended_at = start_of(row["day"]) if row["day"] else None
    return [dict(row) for row in await db.fetch(_ACTS, organisation, after, ended_at, limit)]
