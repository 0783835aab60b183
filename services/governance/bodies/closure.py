"""Dissolves a committee, panel or joint body by a command of its organisation, with what stands within it."""

from datetime import date, datetime, timedelta

from pydantic import ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Conflict, Reason
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.temporal.days import WrittenDay
from libs.common.temporal.history import FIRST_DAY
from services.governance.bodies.joint import members_from
from services.governance.core.acts import new_act, paper_refusals, reason_title
from services.governance.core.codes import BodyEnding, Command, Document, Note
from services.governance.core.errors import BodyLeads, BodyNotStanding, EndsBeforeItBegins, refuse
from services.governance.core.models import Body, Facet, body_time
from services.governance.lifetimes.dissolution import Dissolution, dissolve
from services.governance.lifetimes.standing import pieces_from, spelt


class DissolveBody(Command):
    """The last day of a committee or panel, and the reason."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"last_day": "2019-06-30", "reason": "work-done", "document": "Governing body, 20 June 2019, item 9"}
            ]
        }
    )

    last_day: WrittenDay
    reason: BodyEnding
    note: Note = None
    document: Document = None


async def dissolve_body(
    session: AsyncSession, body: Body, command: DissolveBody, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """Dissolve a locked body, the bodies within it, their posts, appointments and rights.

    Raises ReasonNotListed, BodyLeads, EndsBeforeItBegins, BodyNotStanding, DocumentMissing.
    """
    reason = reason_title(command.reason, command.last_day, subject="body-endings")
    connection = await raw(session)
    first_without = command.last_day + timedelta(days=1)
    refusals: list[Conflict] = paper_refusals(
        first_without, field="last_day", document=command.document, today=today, stated_at=stated_at
    )
    if body.within_id is None and body.organisation:
        refusals.append(BodyLeads(f"{body.reference} leads {body.organisation}, and ends with it"))
    own = await pieces_from(connection, body_time, Facet.STANDS, [body.id], FIRST_DAY)
    if own and first_without <= own[0].days.start:
        message = f"{command.last_day.isoformat()} lies before {own[0].days.start.isoformat()}, the first day"
        refusals.append(EndsBeforeItBegins(message, reasons=[Reason(message, "last_day")]))
    elif not any(first_without < piece.days.end for piece in own):
        stands = ", ".join(spelt(piece.days) for piece in own) or "on no day"
        message = f"{body.reference} exists on no day after {command.last_day.isoformat()}, but {stands}"
        refusals.append(BodyNotStanding(message, reasons=[Reason(message, "last_day")]))
    refuse(refusals)
    members = await members_from(connection, body.id, command.last_day) if not body.organisation else ()
    ending = Dissolution([body.organisation], first_without, reason, stated_at, body=body.reference)
    done = await dissolve(connection, ending, by=by.subject)
    session.add_all(
        new_act(
            *(command, "body dissolved", body.reference, first_without),
            organisation=organisation,
            by=by,
            stated_at=stated_at,
            reason=command.reason,
        )
        for organisation in members or (body.organisation,)
    )
    await outbox.add_all(session, done.events)
