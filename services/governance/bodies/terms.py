"""States a body's terms of reference from a day on, and reads those of a day."""

from collections.abc import Collection
from datetime import date, datetime

from pydantic import ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads, raw
from libs.common.errors import Conflict, Reason
from libs.common.identity import Caller
from libs.common.temporal.days import WrittenDay
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.governance.bodies.joint import members_from
from services.governance.core import queries as reads
from services.governance.core.acts import new_act, paper_refusals
from services.governance.core.codes import Document, Note
from services.governance.core.errors import BodyNotStanding, RoleWithoutSeat, TermsNotFound, refuse
from services.governance.core.models import Body, Facet, body_time
from services.governance.core.terms import TermsOfReference
from services.governance.lifetimes.standing import days_of, not_standing, state, until_next


class StateTerms(TermsOfReference):
    """A body's terms of reference from a day on, up to the first day of any stated for later days."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "first_day": "2017-04-01",
                    "quorum": [{"seats": [{"roles": ["chair"]}], "least": 1}],
                    "majority": {"casting": True},
                    "document": "Constitution, Appendix D",
                }
            ]
        }
    )

    first_day: WrittenDay
    note: Note = None
    document: Document = None


async def state_terms(
    session: AsyncSession, body: Body, command: StateTerms, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """State the terms of reference of a locked body. Raises BodyNotStanding, RoleWithoutSeat, DocumentMissing."""
    connection = await raw(session)
    days = days_of(command.first_day, None)
    refusals: list[Conflict] = paper_refusals(
        command.first_day, field="first_day", document=command.document, today=today, stated_at=stated_at
    )
    refusals += await not_standing(
        connection, body_time, body.id, days, refusal=BodyNotStanding, named=body.reference, field="first_day"
    )
    posts = await reads.list_posts(
        connection, reads.PostFilter(body=body.reference), as_at=command.first_day, as_known=None
    )
    refusals += _without_seat(command, {role for post in posts for role in post["roles"]}, body)
    refuse(refusals)
    # What was not stated stays so: a joint committee binds no one without a rule of voting of its own.
    stated = command.model_dump(exclude={"first_day", "note", "document"}, exclude_unset=True)
    terms = TermsOfReference.model_validate(stated).model_dump_json(exclude_unset=True)
    until = await until_next(connection, body_time, Facet.TERMS, body.id, days.start)
    change = NewStatement(body.id, Facet.TERMS, terms, Days(days.start, until), stated_at)
    await state(connection, body_time, [change], by=by.subject)
    members = await members_from(connection, body.id, command.first_day) if not body.organisation else ()
    session.add_all(
        new_act(
            *(command, "terms of reference stated", body.reference, command.first_day),
            organisation=organisation,
            by=by,
            stated_at=stated_at,
        )
        for organisation in members or (body.organisation,)
    )


def _without_seat(command: StateTerms, seats: Collection[str], body: Body) -> list[Conflict]:
    """Return a refusal for each role that no one could ever have."""
    missing = sorted({role for role in command.roles() if role not in seats})
    return [
        RoleWithoutSeat(message, reasons=[Reason(message, "quorum")])
        for message in (f"no seat of {body.reference} has the role {role} on that day" for role in missing)
    ]


async def get_terms(
    db: Reads, body: str, *, as_at: date, as_known: datetime | None
) -> tuple[TermsOfReference, date, date | None]:
    """Return a body's terms of reference, with the first and the last day on which they are its terms.

    Raises BodyNotFound, TermsNotFound.
    """
    row = await reads.find_terms(db, body, as_at=as_at, as_known=as_known)
    if row is None:
        await reads.get_body(db, body, as_at=as_at, as_known=as_known)
        raise TermsNotFound(f"no terms of reference of {body} are known on {as_at.isoformat()}")
    return TermsOfReference.model_validate_json(row["terms"]), row["first_day"], row["last_day"]
