"""The command that adds a post to a body that stands."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common import outbox
from libs.common.database import raw
from libs.common.errors import Conflict, Reason
from libs.common.identity import Caller
from services.governance.bodies import get_body_to_change, organisation_on, organisation_refusals
from services.governance.catalogue import catalogue_on
from services.governance.commands import OrganisationCode
from services.governance.errors import BodyNotStanding, refuse
from services.governance.models import Post, body_time
from services.governance.posts import NewPost, add_posts, get_post, post_reference, seats_of, slugs_on
from services.governance.standing import days_of, stands_throughout


class CreatePost(NewPost):
    """A further post on an organisation's governing body, vacant until somebody is appointed."""

    organisation: OrganisationCode
    first_day: Annotated[date, Field(description="The first day on which the post is there to be held.")]


async def create_post(
    session: AsyncSession, command: CreatePost, *, by: Caller, today: date, stated_at: datetime
) -> Post:
    """Add a post. Raises BodyNotFound, OrganisationNotOpen, BodyNotStanding, NotInCatalogue, PostExists."""
    connection = await raw(session)
    organisation = command.organisation
    body = await get_body_to_change(session, organisation, by=by)
    days = days_of(command.first_day, None)
    refusals: list[Conflict] = await organisation_refusals(
        connection, organisation, command.first_day, None, today=today
    )
    if not await stands_throughout(connection, body_time, body.id, days):
        message = f"{body.reference} does not stand from {command.first_day.isoformat()} on"
        refusals.append(BodyNotStanding(message, reasons=[Reason(message, "first_day")]))
    kind = (await organisation_on(connection, organisation, command.first_day)).kind
    taken = await slugs_on(session, body)
    seats, not_seats = seats_of([command], catalogue_on(command.first_day, kind=kind), taken=taken)
    refuse([*refusals, *not_seats])
    vacancies = await add_posts(
        session, body, seats, days, reason="created without a holder", by=by, stated_at=stated_at
    )
    await outbox.add_all(session, vacancies)
    return await get_post(session, post_reference(organisation, seats[0].slug))
