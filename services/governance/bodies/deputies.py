"""Names who may deputise for the holder of a post: all of them, from a day on."""

from datetime import date, datetime
from typing import Annotated

from pydantic import ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Conflict, Reason
from libs.common.identity import Caller
from libs.common.temporal.days import WrittenDay
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.governance.core.acts import new_act, paper_refusals
from services.governance.core.codes import Command, Document, Note, PersonId
from services.governance.core.errors import PersonNotFound, PostNotStanding, refuse
from services.governance.core.models import Facet, Person, Post, post_time
from services.governance.core.seats import deputies_text
from services.governance.lifetimes.standing import days_of, not_standing, state, until_next


class NameDeputies(Command):
    """The persons who may deputise from a day on, up to the first day of any named later; no one ends it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "persons": ["P-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"],
                    "first_day": "2017-04-01",
                    "document": "Governing body, 23 March 2017, item 5",
                }
            ]
        }
    )

    persons: Annotated[tuple[PersonId, ...], Field(max_length=20)]
    first_day: WrittenDay
    note: Note = None
    document: Document = None


async def name_deputies(
    session: AsyncSession,
    post: Post,
    command: NameDeputies,
    *,
    organisation: str,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """State who may deputise for a post whose body is locked.

    Raises PersonNotFound, PostNotStanding, DocumentMissing.
    """
    connection = await raw(session)
    await _know_persons(session, command)
    days = days_of(command.first_day, None)
    refusals: list[Conflict] = paper_refusals(
        command.first_day, field="first_day", document=command.document, today=today, stated_at=stated_at
    )
    refusals += await not_standing(
        connection, post_time, post.id, days, refusal=PostNotStanding, named=post.reference, field="first_day"
    )
    refuse(refusals)
    named = deputies_text(command.persons)
    until = await until_next(connection, post_time, Facet.DEPUTIES, post.id, days.start)
    change = NewStatement(post.id, Facet.DEPUTIES, named, Days(days.start, until), stated_at)
    await state(connection, post_time, [change], by=by.subject)
    session.add(
        new_act(
            *(command, "deputies named", post.reference, command.first_day),
            organisation=organisation,
            by=by,
            stated_at=stated_at,
        )
    )


async def _know_persons(session: AsyncSession, command: NameDeputies) -> None:
    """Raise PersonNotFound, with each id that no one has, or had before it was erased."""
    found = select(Person.id).where(Person.id.in_(command.persons), Person.erased_on.is_(None)).order_by(Person.id)
    # Waits for who erases one of them, as an appointment does.
    known = set(await session.scalars(found.with_for_update(read=True, key_share=True)))
    unknown = [person for person in command.persons if person not in known]
    if unknown:
        raise PersonNotFound(
            f"there is no person {', '.join(unknown)}",
            reasons=[Reason(f"there is no person {person}", "persons") for person in unknown],
        )
