"""Bodies: an organisation's governing body is established, with its posts, and locked for every change below it."""

from datetime import date, datetime
from typing import Annotated

import asyncpg
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common import outbox
from libs.common.database import raw
from libs.common.errors import Conflict, Reason
from libs.common.events.governance import BodyEstablished
from libs.common.identity import Caller, Role
from libs.common.known import KnownOrganisation
from services.governance.catalogue import catalogue_on
from services.governance.commands import Command, OrganisationCode, Title
from services.governance.errors import BodyExists, BodyNotFound, OrganisationNotOpen, refuse
from services.governance.models import Body, body_time, known
from services.governance.posts import NewPost, add_posts, seats_of
from services.governance.standing import days_of, standing, state

GOVERNING_BODY = "Governing body"


class EstablishBody(Command):
    """An organisation gets its governing body. The posts that the rule pack makes mandatory come with it."""

    organisation: OrganisationCode
    title: Title = GOVERNING_BODY
    first_day: Annotated[date, Field(description="The first day on which the body stands.")]
    posts: Annotated[list[NewPost], Field(max_length=50, description="Further posts, beside the mandatory ones.")] = []


async def establish_body(
    session: AsyncSession, command: EstablishBody, *, by: Caller, today: date, stated_at: datetime
) -> Body:
    """Establish an organisation's governing body. Raises OrganisationNotOpen, BodyExists, NotInCatalogue, PostExists."""
    connection = await raw(session)
    body = await find_body_to_change(session, command.organisation, by=by)
    refusals = await organisation_refusals(connection, command.organisation, command.first_day, None, today=today)
    if body is not None:
        refusals.append(BodyExists(f"{command.organisation} has {body.reference} already"))
    kind = (await organisation_on(connection, command.organisation, command.first_day)).kind
    catalogue = catalogue_on(command.first_day, kind=kind)
    mandatory = [NewPost(title=title) for title in catalogue.mandatory.values()]
    seats, not_seats = seats_of([*mandatory, *command.posts], catalogue, taken=())
    refuse([*refusals, *not_seats])

    body = Body(
        reference=body_reference(command.organisation),
        organisation=command.organisation,
        title=command.title,
        pack=catalogue.pack,
    )
    session.add(body)
    await session.flush()
    days = days_of(command.first_day, None)
    await state(connection, body_time, [standing(body.id, days, stated_at)], by=by.subject)
    vacancies = await add_posts(
        session, body, seats, days, reason="established without a holder", by=by, stated_at=stated_at
    )
    established = BodyEstablished(
        body=body.reference,
        organisation=body.organisation,
        title=body.title,
        effective_on=command.first_day,
        stated_at=stated_at,
    )
    await outbox.add_all(session, [established, *vacancies])
    return body


def body_reference(organisation: str) -> str:
    """Return the reference of an organisation's governing body: `14Y-governing-body`."""
    return f"{organisation}-governing-body"


async def find_body_to_change(session: AsyncSession, organisation: str, *, by: Caller) -> Body | None:
    """Lock what is known of the organisation, then its body, for a caller that may decide for it.

    Hearing of a merger takes the same locks in the same order, so what is checked now holds until the commit.
    Raises RoleMissing, NotYoursToDecide.
    """
    by.must_have(Role.GOVERNANCE_LEAD)
    connection = await raw(session)
    by.must_act_for([organisation], also_through=await known.successors(connection, [organisation]))
    await known.lock(connection, [organisation])
    found = select(Body).where(Body.organisation == organisation)
    return await session.scalar(found.with_for_update(), execution_options={"populate_existing": True})


async def get_body_to_change(session: AsyncSession, organisation: str, *, by: Caller) -> Body:
    """Lock an organisation's body. Raises BodyNotFound, RoleMissing, NotYoursToDecide."""
    body = await find_body_to_change(session, organisation, by=by)
    if body is None:
        raise BodyNotFound(f"no body of {organisation} is known")
    return body


async def organisation_on(connection: asyncpg.Connection, organisation: str, day: date) -> KnownOrganisation:
    """Return what is known now of an organisation as at a day."""
    return await known.status(connection, organisation, as_at=day)


async def organisation_refusals(
    connection: asyncpg.Connection, organisation: str, first_day: date, last_day: date | None, *, today: date
) -> list[Conflict]:
    """Return why this organisation cannot have something on these days: it has to be open or proposed.

    Asked of the first day, and of the last one; of today where there is no end.
    """
    days = {first_day, last_day or max(first_day, today)}
    return [
        OrganisationNotOpen(
            f"{organisation} is {status} on {day.isoformat()}",
            reasons=[Reason(f"{organisation} is {status} on {day.isoformat()}", "first_day")],
        )
        for day in sorted(days)
        if (status := (await organisation_on(connection, organisation, day)).status) not in ("open", "proposed")
    ]
