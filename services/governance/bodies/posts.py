"""Adds posts to a body, with a title of the catalogue or one that the constitution describes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain, count
from typing import Annotated

from pydantic import ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Conflict, Reason
from libs.common.events.governance import PostFellVacant
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.temporal.days import WrittenDay
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.governance.bodies.organisations import get_body_to_change, organisation_on, organisation_refusals
from services.governance.bodies.standing import days_of, days_standing, spelt, standing, stands_throughout, state
from services.governance.core.acts import paper_refusals
from services.governance.core.catalogue import Catalogue, catalogue_on, post_slug
from services.governance.core.codes import Command, Document, Note, OrganisationCode, Sentence, Title
from services.governance.core.errors import BodyNotStanding, NotInCatalogue, PostExists, PostNotFound, refuse
from services.governance.core.models import Act, Body, Facet, Post, body_time, post_time


class NewPost(Command):
    """A post by its title. One that is not in the catalogue cites the constitution."""

    title: Annotated[Title, Field(examples=["Chair"])]
    described_in: Annotated[Sentence | None, Field(examples=["Constitution, 6.6.2"])] = None


@dataclass(frozen=True, slots=True)
class Seat:
    """A post to add to a body."""

    slug: str
    title: str
    described_in: str | None = None


class CreatePost(NewPost):
    """A further post on an organisation's governing body, vacant until a person is appointed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "organisation": "07X",
                    "title": "Chief nurse",
                    "first_day": "2014-01-01",
                    "document": "Governing body, 19 December 2013, item 5",
                }
            ]
        }
    )

    organisation: OrganisationCode
    first_day: Annotated[WrittenDay, Field(description="The first day on which the post exists.")]
    note: Note = None
    document: Document = None


async def create_post(
    session: AsyncSession, command: CreatePost, *, by: Caller, today: date, stated_at: datetime
) -> Post:
    """Add a post.

    Raises BodyNotFound, OrganisationNotOpen, DocumentMissing, BodyNotStanding, NotInCatalogue, PostExists.
    """
    connection = await raw(session)
    organisation = command.organisation
    body = await get_body_to_change(session, organisation, by=by, today=today)
    days = days_of(command.first_day, None)
    refusals: list[Conflict] = await organisation_refusals(
        connection, organisation, command.first_day, None, today=today
    )
    refusals += paper_refusals(
        command.first_day, field="first_day", document=command.document, today=today, stated_at=stated_at
    )
    if not await stands_throughout(connection, body_time, body.id, days):
        stands = await days_standing(connection, body_time, body.id)
        message = f"{body.reference} does not exist {spelt(days)}, but {stands}"
        refusals.append(BodyNotStanding(message, reasons=[Reason(message, "first_day")]))
    kind = (await organisation_on(connection, organisation, command.first_day)).kind
    taken = await slugs_on(session, body)
    seats, not_seats = seats_of([command], catalogue_on(command.first_day, kind=kind), taken=taken)
    refuse([*refusals, *not_seats])
    vacancies = await add_posts(
        session, body, seats, days, reason="created without a holder", by=by, stated_at=stated_at
    )
    session.add(
        Act(
            organisation=organisation,
            operation="post created",
            subject=post_reference(organisation, seats[0].slug),
            effective_on=command.first_day,
            note=command.note,
            document=command.document,
            stated_at=stated_at,
            recorded_by=by.subject,
        )
    )
    await outbox.add_all(session, vacancies)
    return await get_post(session, post_reference(organisation, seats[0].slug))


def seats_of(
    wanted: Sequence[NewPost], catalogue: Catalogue, *, taken: Collection[str]
) -> tuple[list[Seat], list[Conflict]]:
    """Return the requested posts, and the reasons against some. The catalogue's spelling of a title counts.

    `taken` are the slugs of the posts that the body has. A title that is requested again is a further seat, numbered
    from 2 (`gp-member-2`), unless a body has one post of that title.
    """
    seats: dict[str, Seat] = {}
    refusals: list[Conflict] = []
    for post in wanted:
        base = post_slug(post.title)
        slug = _free(base, {*taken, *seats})
        listed = catalogue.posts.get(base)
        title = listed.title if listed else post.title
        if slug != base and base in catalogue.single:
            refusals.append(_refusal(PostExists, f"a body has one post with the title {title}"))
        elif listed is None and post.described_in is None:
            named = catalogue.pack or "a catalogue in force on that day"
            refusals.append(_refusal(NotInCatalogue, f"{post.title} is not in {named}"))
        seats[slug] = Seat(slug, title, post.described_in)
    return list(seats.values()), refusals


def _free(slug: str, taken: Collection[str]) -> str:
    numbered = (f"{slug}-{number}" for number in count(2))
    return next(one for one in chain([slug], numbered) if one not in taken)


async def add_posts(
    session: AsyncSession,
    body: Body,
    seats: Sequence[Seat],
    days: Days,
    *,
    reason: str,
    by: Caller,
    stated_at: datetime,
) -> list[PostFellVacant]:
    """Add posts to a locked body, each vacant for this reason; return the events to publish."""
    posts = [
        Post(
            body_id=body.id,
            reference=post_reference(body.organisation, seat.slug),
            slug=seat.slug,
            title=seat.title,
            described_in=seat.described_in,
        )
        for seat in seats
    ]
    session.add_all(posts)
    await session.flush()
    changes = [standing(post.id, days, stated_at) for post in posts]
    changes += [NewStatement(post.id, Facet.BECAUSE, reason, days, stated_at) for post in posts]
    await state(await raw(session), post_time, changes, by=by.subject)
    return [
        PostFellVacant(
            post=post.reference,
            organisation=body.organisation,
            title=post.title,
            reason=reason,
            effective_on=days.start,
            stated_at=stated_at,
        )
        for post in posts
    ]


def post_reference(organisation: str, slug: str) -> str:
    """Return the reference of an organisation's post: `14Y/accountable-officer`."""
    return f"{organisation}/{slug}"


def organisation_of(reference: str) -> str:
    """Return the organisation that a post's reference names."""
    return reference.partition("/")[0]


async def get_post(session: AsyncSession, reference: str) -> Post:
    """Return a post; its body is locked where it is to be changed. Raises PostNotFound."""
    post = await session.scalar(select(Post).where(Post.reference == reference))
    if post is None:
        raise PostNotFound(f"there is no post {reference}")
    return post


async def slugs_on(session: AsyncSession, body: Body) -> set[str]:
    """Return the slugs of all posts that a body has or had."""
    return set(await session.scalars(select(Post.slug).where(Post.body_id == body.id)))


def _refusal(kind: type[Conflict], message: str) -> Conflict:
    return kind(message, reasons=[Reason(message, "posts")])
