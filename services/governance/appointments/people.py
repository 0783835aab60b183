"""Records people: an opaque id for events, a name for readers of this service."""

import uuid
from typing import Annotated

from pydantic import ConfigDict, Field
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.identity import Caller, Role
from services.governance.core.codes import Command
from services.governance.core.errors import PersonExists, PersonNotFound
from services.governance.core.models import Person

PersonId = Annotated[str, Field(pattern=r"^P-[A-Za-z0-9-]{1,40}$", examples=["P-ncl-chief-officer"])]


class RegisterPerson(Command):
    """A person who can hold posts. `id` is opaque, and generated if left out."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"id": "P-ncl-chief-officer", "display_name": "Chief officer, north London"}]}
    )

    id: PersonId | None = None
    display_name: Annotated[str, Field(min_length=1, max_length=200, examples=["Chief officer, north London"])]


async def register_person(session: AsyncSession, command: RegisterPerson, *, by: Caller) -> Person:
    """Record a person. Raises PersonExists, RoleMissing."""
    by.must_have(Role.GOVERNANCE_LEAD)
    person = Person(id=command.id or f"P-{uuid.uuid4()}", display_name=command.display_name)
    try:
        async with session.begin_nested():
            session.add(person)
            await session.flush()
    except IntegrityError as error:
        raise PersonExists(f"{person.id} names a person already") from error
    return person


async def get_person(session: AsyncSession, person_id: str) -> Person:
    """Return a person. Raises PersonNotFound."""
    person = await session.get(Person, person_id)
    if person is None:
        raise PersonNotFound(f"there is no person {person_id}")
    return person
