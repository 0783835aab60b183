"""Adds posts to a body, with a title of the catalogue or one that the constitution describes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain, count
from typing import Annotated

import asyncpg
from pydantic import ConfigDict, Field, StrictBool, StrictInt
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
from services.governance.bodies.joint import JOINT, get_joint_body_to_change, not_member
from services.governance.bodies.organisations import (
    get_body_to_change,
    get_post,
    organisation_of,
    organisation_on,
    organisation_refusals,
)
from services.governance.bodies.votes import Votes, further_seat
from services.governance.core.acts import new_act, paper_refusals
from services.governance.core.catalogue import Catalogue, catalogue_on, post_slug, title_slug
from services.governance.core.codes import (
    BodyReference,
    Command,
    Document,
    Note,
    OrganisationCode,
    RoleSlug,
    Sentence,
    Title,
)
from services.governance.core.errors import BodyNotStanding, NotInCatalogue, PostExists, refuse
from services.governance.core.models import Body, Facet, Post, body_time, post_time
from services.governance.core.seats import SeatOfPost
from services.governance.lifetimes.standing import days_of, not_standing, pieces_from, standing, state


class NewPost(Command):
    """A post by its title. One that is not in the catalogue cites the constitution or the terms of reference."""

    title: Annotated[Title, Field(examples=["Chair"])]
    described_in: Annotated[Sentence | None, Field(examples=["Constitution, 6.6.2"])] = None
    roles: Annotated[
        tuple[RoleSlug, ...],
        Field(max_length=10, description="What the seat counts as in a quorum. Left out: its title alone."),
    ] = ()
    votes: Annotated[StrictBool, Field(description="Whether its holder votes; attendees do not.")] = True
    weight: Annotated[StrictInt, Field(ge=1, le=1000, description="What its vote weighs.")] = 1
    organisation: Annotated[
        OrganisationCode, Field(description="In a joint body, the member whose seat it is. Needed there.")
    ] = ""

    @property
    def seat(self) -> SeatOfPost | None:
        """The seat as stated; None where it is what its title says."""
        if not self.roles and self.votes and self.weight == 1:
            return None
        return SeatOfPost(frozenset(self.roles) or frozenset({post_slug(self.title)}), self.votes, self.weight)


@dataclass(frozen=True, slots=True)
class PlannedPost:
    """A post to add to a body."""

    slug: str
    title: str
    described_in: str | None = None
    seat: SeatOfPost | None = None
    member: str = ""


@dataclass(frozen=True, slots=True)
class Slugs:
    """The slugs of a body's posts: `taken` by any that it has or had, `standing` those of a day and later ones."""

    taken: frozenset[str] = frozenset()
    standing: frozenset[str] = frozenset()


class CreatePost(NewPost):
    """A further post on a body of an organisation, vacant until a person is appointed."""

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

    organisation: Annotated[
        OrganisationCode, Field(description="The body's organisation, or the member of a joint body whose seat it is.")
    ]
    body: Annotated[BodyReference | None, Field(description="Left out: the body that leads the organisation.")] = None
    first_day: Annotated[WrittenDay, Field(description="The first day on which the post exists.")]
    note: Note = None
    document: Document = None


async def create_post(
    session: AsyncSession, command: CreatePost, *, by: Caller, today: date, stated_at: datetime
) -> Post:
    """Add a post. That of a regulator, in a joint body in which it has no vote, is recorded without one.

    Raises BodyNotFound, OrganisationNotOpen, DocumentMissing, BodyNotStanding, NotAMember, NotInCatalogue, PostExists,
    HostDominates.
    """
    connection = await raw(session)
    organisation = command.organisation
    if command.body is not None and organisation_of(command.body) == JOINT:
        body = await get_joint_body_to_change(session, command.body, by=by, today=today)
    else:
        body = await get_body_to_change(session, organisation, by=by, today=today, reference=command.body)
    days = days_of(command.first_day, None)
    refusals: list[Conflict] = await organisation_refusals(
        connection, organisation, command.first_day, None, today=today
    )
    refusals += paper_refusals(
        command.first_day, field="first_day", document=command.document, today=today, stated_at=stated_at
    )
    refusals += await not_standing(
        connection, body_time, body.id, days, refusal=BodyNotStanding, named=body.reference, field="first_day"
    )
    refusals += await not_member(connection, body, organisation, days)
    kind = (await organisation_on(connection, organisation, command.first_day)).kind
    command, dominating = await _under_instruments(connection, body, command, kind)
    slugs = await slugs_on(session, body, command.first_day)
    seats, not_seats = seats_of([command], catalogue_on(command.first_day, kind=kind), slugs, field="title")
    refuse([*refusals, *dominating, *not_seats])
    vacancies = await add_posts(
        session, body, seats, days, reason="created without a holder", by=by, stated_at=stated_at
    )
    session.add(
        new_act(
            *(command, "post created", post_reference(body, seats[0].slug), command.first_day),
            organisation=organisation,
            by=by,
            stated_at=stated_at,
        )
    )
    await outbox.add_all(session, vacancies)
    return await get_post(session, post_reference(body, seats[0].slug))


async def _under_instruments(
    connection: asyncpg.Connection, body: Body, command: CreatePost, kind: str
) -> tuple[CreatePost, list[Conflict]]:
    """Return a post as the instruments of a joint body allow it, and the refusals where a host would dominate."""
    if body.organisation or not command.votes:
        return command, []
    seat = Votes(command.organisation, command.weight)
    votes, refusals = await further_seat(connection, body.reference, seat, kind, on=command.first_day)
    return command.model_copy(update={"votes": votes}), refusals


def seats_of(
    wanted: Sequence[NewPost], catalogue: Catalogue, slugs: Slugs, *, field: str = "posts"
) -> tuple[list[PlannedPost], list[Conflict]]:
    """Return the requested posts, and the reasons against some. The catalogue's spelling of a title counts.

    `slugs` are those of the body's posts. A title that is requested again is a further seat, numbered from 2
    (`gp-member-2`), unless a body has one post of that title. A post that has ended keeps its number alone.
    """
    seats: dict[str, PlannedPost] = {}
    refusals: list[Conflict] = []
    for post in wanted:
        base = post_slug(post.title)
        slug = free_slug(base, {*slugs.taken, *seats})
        listed = catalogue.posts.get(base)
        title = listed.title if listed else post.title
        if base in catalogue.single and base in map(title_slug, [*slugs.standing, *seats]):
            refusals.append(_refusal(PostExists, f"a body has one post with the title {title}", field))
        elif listed is None and post.described_in is None:
            named = catalogue.pack or "a catalogue in force on that day"
            refusals.append(_refusal(NotInCatalogue, f"{post.title} is not in {named}", field))
        seats[slug] = PlannedPost(slug, title, post.described_in, post.seat, post.organisation)
    return list(seats.values()), refusals


def free_slug(slug: str, taken: Collection[str]) -> str:
    """Return a slug that is not taken: with a number, from 2, where it is."""
    numbered = (f"{slug}-{number}" for number in count(2))
    return next(one for one in chain([slug], numbered) if one not in taken)


async def add_posts(
    session: AsyncSession,
    body: Body,
    seats: Sequence[PlannedPost],
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
            reference=post_reference(body, seat.slug),
            slug=seat.slug,
            title=seat.title,
            described_in=seat.described_in,
            member="" if body.organisation else seat.member,
        )
        for seat in seats
    ]
    session.add_all(posts)
    await session.flush()
    changes = [standing(post.id, days, stated_at) for post in posts]
    changes += [NewStatement(post.id, Facet.BECAUSE, reason, days, stated_at) for post in posts]
    changes += [
        NewStatement(post.id, Facet.SEAT, seat.seat.text, days, stated_at)
        for post, seat in zip(posts, seats, strict=True)
        if seat.seat is not None
    ]
    await state(await raw(session), post_time, changes, by=by.subject)
    return [_vacant(post, body, reason, days.start, stated_at) for post in posts]


def _vacant(post: Post, body: Body, reason: str, day: date, stated_at: datetime) -> PostFellVacant:
    return PostFellVacant(
        post=post.reference,
        organisation=post.member or body.organisation,
        title=post.title,
        reason=reason,
        effective_on=day,
        stated_at=stated_at,
    )


def post_reference(body: Body, slug: str) -> str:
    """Return the reference of a post: `14Y/chair` in the body that leads, else `14Y-audit-committee/chair`."""
    leads = body.within_id is None and body.organisation
    return f"{body.organisation if leads else body.reference}/{slug}"


async def organisation_for(session: AsyncSession, post: Post) -> str:
    """Return the organisation that a post is for: its body's, or in a joint body the member whose seat it is."""
    return post.member or (await session.get_one(Body, post.body_id)).organisation


async def slugs_on(session: AsyncSession, body: Body, day: date) -> Slugs:
    """Return the slugs of all posts that a body has or had, and of those that stand on a day or later."""
    rows = await session.execute(select(Post.id, Post.slug).where(Post.body_id == body.id))
    posts = {row.id: row.slug for row in rows}
    pieces = await pieces_from(await raw(session), post_time, Facet.STANDS, posts, day)
    return Slugs(frozenset(posts.values()), frozenset(posts[piece.subject_id] for piece in pieces))


def _refusal(kind: type[Conflict], message: str, field: str) -> Conflict:
    return kind(message, reasons=[Reason(message, field)])
