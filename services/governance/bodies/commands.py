"""Establishes the governing body of an organisation, with its posts."""

from datetime import date, datetime
from typing import Annotated

from pydantic import ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.governance import BodyEstablished
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.temporal.days import WrittenDay
from services.governance.bodies.organisations import find_body_to_change, organisation_on, organisation_refusals
from services.governance.bodies.posts import NewPost, add_posts, seats_of
from services.governance.bodies.standing import days_of, standing, state
from services.governance.core.acts import paper_refusals
from services.governance.core.catalogue import catalogue_on, post_slug
from services.governance.core.codes import Command, Document, Note, OrganisationCode, Title
from services.governance.core.errors import BodyExists, refuse
from services.governance.core.models import Act, Body, body_time

GOVERNING_BODY = "Governing body"


class EstablishBody(Command):
    """The establishment of a governing body, with the posts that the rule pack makes mandatory."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "organisation": "07X",
                    "first_day": "2013-04-01",
                    "posts": [{"title": "Chair"}, {"title": "Locality lead", "described_in": "Constitution, 6.6.2"}],
                    "document": "Authorisation by the NHS Commissioning Board, 20 March 2013",
                }
            ]
        }
    )

    organisation: OrganisationCode
    title: Title = GOVERNING_BODY
    first_day: Annotated[WrittenDay, Field(description="The first day on which the body exists.")]
    posts: Annotated[
        tuple[NewPost, ...],
        Field(
            max_length=50, description="Further posts, beside the mandatory ones. A title that is repeated is a seat."
        ),
    ] = ()
    note: Note = None
    document: Document = None


async def establish_body(
    session: AsyncSession, command: EstablishBody, *, by: Caller, today: date, stated_at: datetime
) -> Body:
    """Establish an organisation's governing body.

    Raises OrganisationNotOpen, DocumentMissing, BodyExists, NotInCatalogue, PostExists.
    """
    connection = await raw(session)
    body = await find_body_to_change(session, command.organisation, by=by, today=today)
    refusals = await organisation_refusals(connection, command.organisation, command.first_day, None, today=today)
    refusals += paper_refusals(
        command.first_day, field="first_day", document=command.document, today=today, stated_at=stated_at
    )
    if body is not None:
        refusals.append(BodyExists(f"{command.organisation} has {body.reference} already"))
    kind = (await organisation_on(connection, command.organisation, command.first_day)).kind
    catalogue = catalogue_on(command.first_day, kind=kind)
    requested = {post_slug(post.title) for post in command.posts}
    mandatory = [NewPost(title=title) for slug, title in catalogue.mandatory.items() if slug not in requested]
    seats, not_seats = seats_of([*mandatory, *command.posts], catalogue, taken=())
    refuse([*refusals, *not_seats])

    body = Body(
        reference=body_reference(command.organisation),
        organisation=command.organisation,
        title=command.title,
        pack=catalogue.pack,
    )
    session.add(body)
    session.add(_act(command, body, by, stated_at))
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


def _act(command: EstablishBody, body: Body, by: Caller, stated_at: datetime) -> Act:
    return Act(
        organisation=body.organisation,
        operation="body established",
        subject=body.reference,
        effective_on=command.first_day,
        note=command.note,
        document=command.document,
        stated_at=stated_at,
        recorded_by=by.subject,
    )


def body_reference(organisation: str) -> str:
    """Return the reference of an organisation's governing body: `14Y-governing-body`."""
    return f"{organisation}-governing-body"
