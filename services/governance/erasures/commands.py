"""Erases a person's name, account and private words once the record is kept long enough."""

from datetime import date, datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.identity import Caller
from services.governance.core.errors import RetentionNotOver, refuse
from services.governance.core.models import Act, NameRead, Person
from services.governance.erasures.queries import find_last_day, list_unpurged_gifts, list_unpurged_interests
from services.governance.erasures.rules import keeping_after
from services.governance.people.accounts import PersonAccount

# An act is about a person where its subject is the person, or an appointment, interest, nil return, gift or breach of
# theirs.
_FORGET_WORDS = """
UPDATE act SET note = NULL, document = NULL
 WHERE subject IN (
       SELECT $1 UNION SELECT id FROM appointment WHERE person_id = $1
        UNION SELECT reference FROM declared_interest WHERE person_id = $1
        UNION SELECT reference FROM nil_return WHERE person_id = $1
        UNION SELECT reference FROM gift WHERE person_id = $1
        UNION SELECT reference FROM breach WHERE person_id = $1)
   AND (note IS NOT NULL OR document IS NOT NULL)
"""


async def erase_person(session: AsyncSession, person: Person, *, by: Caller, today: date, stated_at: datetime) -> None:
    """Erase a locked person. Raises RetentionNotOver, with every reason.

    Dossiers forget the name by due work, as they do a corrected one.
    """
    connection = await raw(session)
    refuse(
        [
            *await _kept_for_posts(session, person, today),
            *await _kept_for_interests(session, person),
            *await _kept_for_gifts(session, person),
        ]
    )
    await connection.execute(_FORGET_WORDS, person.id)
    await session.execute(delete(PersonAccount).where(PersonAccount.person_id == person.id))
    await session.execute(delete(NameRead).where(NameRead.person_id == person.id))
    person.display_name, person.restricted, person.erased_on = "", None, today
    person.version += 1
    session.add(
        Act(
            organisation=person.organisation or "",
            operation="person erased",
            subject=person.id,
            effective_on=today,
            stated_at=stated_at,
            recorded_by=by.subject,
        )
    )
    await session.flush()


async def _kept_for_posts(session: AsyncSession, person: Person, today: date) -> list[RetentionNotOver]:
    last_day = await find_last_day(await raw(session), person.id)
    if last_day is None:
        return []
    if last_day == date.max:
        return [RetentionNotOver(f"{person.id} holds a post, or is named as a deputy for one")]
    kept = keeping_after(last_day)
    if kept is None:
        return [RetentionNotOver(f"no rule pack says how long {person.id} is kept, who last acted on {last_day}")]
    if kept.may_be_erased_on(today):
        return []
    message = f"{person.id} last acted on {last_day} and is kept up to and including {kept.kept_until} by {kept.pack}"
    return [RetentionNotOver(f"{message}; it is {today}")]


async def _kept_for_interests(session: AsyncSession, person: Person) -> list[RetentionNotOver]:
    interests = await list_unpurged_interests(await raw(session), person.id)
    return [RetentionNotOver(f"{person.id} has interests that are not purged: {', '.join(interests)}")] * bool(
        interests
    )


async def _kept_for_gifts(session: AsyncSession, person: Person) -> list[RetentionNotOver]:
    gifts = await list_unpurged_gifts(await raw(session), person.id)
    return [RetentionNotOver(f"{person.id} has gifts that are not purged: {', '.join(gifts)}")] * bool(gifts)
