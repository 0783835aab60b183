"""Records people under ids of the service's own, corrects their names, and restricts who reads them."""

import uuid
from datetime import date, datetime
from typing import Annotated

from pydantic import ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.identity import Caller, Role
from services.governance.core.acts import must_decide_for, reason_title
from services.governance.core.codes import Command, Note, OrganisationCode, PersonName, Restriction
from services.governance.core.errors import PersonNotFound
from services.governance.core.models import Act, Person, PersonCorrection
from services.governance.people.queries import find_keeper


class CorrectName(Command):
    """A person's name as it has to be. It replaces the earlier one, which is no longer stored."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"display_name": "Chief officer, north London"}]})

    display_name: Annotated[PersonName, Field(examples=["Chief officer, north London"])]


class RegisterPerson(CorrectName):
    """A person who can hold posts, and the organisation that keeps the record. The service gives the id."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"organisation": "07X", "display_name": "Chief officer, north London"}]}
    )

    organisation: Annotated[OrganisationCode, Field(description="ODS code of the body that keeps the person's record.")]


async def register_person(session: AsyncSession, command: RegisterPerson, *, by: Caller, today: date) -> Person:
    """Record a person. Raises RoleMissing, NotYoursToDecide."""
    by.must_have(Role.GOVERNANCE_LEAD)
    await must_decide_for(await raw(session), command.organisation, by=by, today=today)
    person = Person(id=f"P-{uuid.uuid4()}", display_name=command.display_name, organisation=command.organisation)
    session.add(person)
    await session.flush()
    return person


async def correct_name(session: AsyncSession, person: Person, command: CorrectName, *, by: Caller) -> Person:
    """Replace the name of a locked person; who did it, and when, is recorded without the earlier name."""
    if person.display_name != command.display_name:
        person.display_name = command.display_name
        person.version += 1
        session.add(PersonCorrection(person_id=person.id, corrected_by=by.subject))
        await session.flush()
    return person


class RestrictName(Command):
    """For which reason a person's name is not given out; null where it is given out again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "accuracy-contested"}]})

    reason: Restriction | None
    note: Note = None


async def restrict_name(
    session: AsyncSession, person: Person, command: RestrictName, *, by: Caller, today: date, stated_at: datetime
) -> Person:
    """Stop giving out the name of a locked person, or give it out again. Raises ReasonNotListed."""
    if command.reason is not None:
        reason_title(command.reason, today, subject="restrictions")
    if person.restricted != command.reason:
        person.restricted = command.reason
        person.version += 1
        session.add(
            Act(
                organisation=person.organisation or "",
                operation="name restricted" if command.reason else "restriction lifted",
                subject=person.id,
                effective_on=today,
                reason=command.reason,
                note=command.note,
                stated_at=stated_at,
                recorded_by=by.subject,
            )
        )
        await session.flush()
    return person


async def get_person_to_change(session: AsyncSession, person_id: str, *, by: Caller, today: date) -> Person:
    """Lock a person whose record the caller's organisation keeps.

    Raises RoleMissing, PersonNotFound (also where the caller may not read the name), NotYoursToDecide.
    """
    by.must_have(Role.GOVERNANCE_LEAD)
    connection = await raw(session)
    keeper = await find_keeper(connection, person_id, by=by)
    if keeper is None:
        raise PersonNotFound(f"there is no person {person_id}")
    await must_decide_for(connection, keeper, by=by, today=today)
    person = await session.get_one(Person, person_id, with_for_update=True, populate_existing=True)
    if person.erased_on is not None:  # while the lock was waited for
        raise PersonNotFound(f"there is no person {person_id}")
    return person


async def get_person(session: AsyncSession, person_id: str) -> Person:
    """Return a person, whoever keeps the record: who may appoint may name any id. Raises PersonNotFound."""
    locked = {"read": True, "key_share": True}  # waits for who erases the person
    person = await session.get(Person, person_id, with_for_update=locked, populate_existing=True)
    if person is None or person.erased_on is not None:
        raise PersonNotFound(f"there is no person {person_id}")
    return person
