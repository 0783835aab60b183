"""Establishes the bodies of an organisation, with their posts: the one that leads it, and those within it."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Annotated, Self

import asyncpg
from pydantic import ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Conflict, Reason
from libs.common.events.governance import BodyEstablished
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.temporal.days import WrittenDay
from libs.common.temporal.timeline import NewStatement
from services.governance.bodies.joint import JOINT, lock_members
from services.governance.bodies.organisations import leading, lock_bodies, organisation_on, organisation_refusals
from services.governance.bodies.posts import NewPost, Slugs, add_posts, free_slug, seats_of
from services.governance.core.acts import new_act, paper_refusals
from services.governance.core.catalogue import catalogue_on, post_slug, title_slug
from services.governance.core.codes import BodyReference, Command, Document, Note, OrganisationCode, Title
from services.governance.core.errors import BodyExists, BodyNotFound, BodyNotStanding, NotAMember, refuse
from services.governance.core.members import members_text
from services.governance.core.models import Body, BodyKind, Facet, body_time
from services.governance.lifetimes.standing import days_of, not_standing, pieces_from, standing, state

_TITLED = r"""
SELECT id, reference FROM body
 WHERE organisation = '' AND starts_with(reference, $1) AND regexp_replace(reference, '-[0-9]+$', '') = $1
 ORDER BY reference FOR UPDATE
"""

GOVERNING_BODY = "Governing body"
LEADING_TITLES = {BodyKind.GOVERNING_BODY: GOVERNING_BODY, BodyKind.BOARD: "Board"}


class EstablishBody(Command):
    """The establishment of a body. The one that leads gets the posts that the rule pack makes mandatory."""

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

    organisation: Annotated[OrganisationCode, Field(description="ODS code. Left out of a joint body.")] = ""
    members: Annotated[
        tuple[OrganisationCode, ...],
        Field(max_length=100, description="Of a joint committee or partnership, the organisations whose body it is."),
    ] = ()
    kind: Annotated[
        BodyKind,
        Field(
            description="A governing body or board leads; a committee or panel stands within another body; a joint "
            "committee or partnership is its members' together."
        ),
    ] = BodyKind.GOVERNING_BODY
    title: Annotated[
        Title | None, Field(description="Needed unless the body leads: its reference follows from it.")
    ] = None
    within: Annotated[
        BodyReference | None,
        Field(
            description="Of a committee or panel, the body that made it; left out: the one that leads.",
            examples=["07X-governing-body"],
        ),
    ] = None
    first_day: Annotated[WrittenDay, Field(description="The first day on which the body exists.")]
    posts: Annotated[
        tuple[NewPost, ...],
        Field(
            max_length=50, description="Further posts, beside the mandatory ones. A title that is repeated is a seat."
        ),
    ] = ()
    note: Note = None
    document: Document = None

    @model_validator(mode="after")
    def _stands_where_its_kind_does(self) -> Self:
        if self.kind.joint:
            if self.organisation or self.within is not None:
                raise ValueError(f"organisation: a {self.kind} is its members', and stands within no other body")
            if len(set(self.members)) < 2:
                raise ValueError(f"members: a {self.kind} has two or more")
        elif self.members:
            raise ValueError(f"members: a {self.kind} is the body of one organisation")
        elif not self.organisation:
            raise ValueError("organisation: name it")
        elif {post.organisation for post in self.posts} - {"", self.organisation}:
            raise ValueError(f"posts: a {self.kind} has no seat of another organisation")
        if self.kind.leads and self.within is not None:
            raise ValueError(f"within: a {self.kind} leads its organisation, and stands within no other body")
        if not self.kind.leads and self.title is None:
            raise ValueError(f"title: a {self.kind} needs one")
        return self

    @property
    def full_title(self) -> str:
        """The title, of a body that leads that of its kind where none is given."""
        return self.title or LEADING_TITLES[self.kind]

    @property
    def reference(self) -> str:
        """The reference that follows from kind and title."""
        return body_reference(self.organisation or JOINT, self.kind, self.full_title)


async def establish_body(
    session: AsyncSession, command: EstablishBody, *, by: Caller, today: date, stated_at: datetime
) -> Body:
    """Establish a body of an organisation, or of several whom the caller acts for.

    Raises NotAMember, BodyNotFound, OrganisationNotOpen,
    DocumentMissing, BodyExists, BodyNotStanding, NotInCatalogue, PostExists.
    """
    if command.kind.joint:
        await lock_members(session, command.members, by=by, today=today)
        return await establish_joint_body(session, command, by=by, today=today, stated_at=stated_at)
    connection = await raw(session)
    bodies = await lock_bodies(session, command.organisation, by=by, today=today)
    within = None if command.kind.leads else _within(bodies, command)
    refusals = paper_refusals(
        command.first_day, field="first_day", document=command.document, today=today, stated_at=stated_at
    )
    refusals += await _refusals(connection, command, bodies, within, today=today)
    kind = (await organisation_on(connection, command.organisation, command.first_day)).kind
    catalogue = catalogue_on(command.first_day, kind=kind)
    mandatory = catalogue.mandatory if within is None else {}
    seats, not_seats = seats_of(_with_mandatory(command, mandatory), catalogue, Slugs())
    refuse([*refusals, *not_seats])

    taken = {body.reference for body in bodies.values()}
    body = _new_body(command, free_slug(command.reference, taken), within, catalogue.pack)
    session.add(body)
    session.add(
        new_act(
            *(command, "body established", body.reference, command.first_day),
            organisation=body.organisation,
            by=by,
            stated_at=stated_at,
        )
    )
    await session.flush()
    days = days_of(command.first_day, None)
    await state(connection, body_time, [standing(body.id, days, stated_at)], by=by.subject)
    vacancies = await add_posts(
        session, body, seats, days, reason="established without a holder", by=by, stated_at=stated_at
    )
    established = body_established(body, within, on=command.first_day, stated_at=stated_at)
    await outbox.add_all(session, [established, *vacancies])
    return body


async def establish_joint_body(
    session: AsyncSession, command: EstablishBody, *, by: Caller, today: date, stated_at: datetime
) -> Body:
    """Establish a body of several locked organisations, each of which has agreed.

    Raises OrganisationNotOpen, DocumentMissing, BodyExists, NotAMember, NotInCatalogue, PostExists.
    """
    connection = await raw(session)
    day = command.first_day
    refusals: list[Conflict] = paper_refusals(
        day, field="first_day", document=command.document, today=today, stated_at=stated_at
    )
    for member in sorted(set(command.members)):
        refusals += await organisation_refusals(connection, member, day, None, today=today)
    titled = await connection.fetch(_TITLED, command.reference)
    own = await _of_members(connection, {row["reference"]: row["id"] for row in titled}, command)
    refusals += await _still_there(connection, command, own)
    refusals += [_no_member(post.organisation) for post in command.posts if post.organisation not in command.members]
    seats, not_seats = seats_of(command.posts, catalogue_on(day, kind="joint"), Slugs())
    refuse([*refusals, *not_seats])

    body = _new_body(command, free_slug(command.reference, {row["reference"] for row in titled}), None, None)
    session.add(body)
    session.add_all(
        new_act(*(command, "body established", body.reference, day), organisation=member, by=by, stated_at=stated_at)
        for member in sorted(set(command.members))
    )
    await session.flush()
    days = days_of(day, None)
    members = NewStatement(body.id, Facet.MEMBERS, members_text(command.members), days, stated_at)
    await state(connection, body_time, [standing(body.id, days, stated_at), members], by=by.subject)
    vacancies = await add_posts(
        session, body, seats, days, reason="established without a holder", by=by, stated_at=stated_at
    )
    established = body_established(body, None, on=day, stated_at=stated_at, members=command.members)
    await outbox.add_all(session, [established, *vacancies])
    return body


async def _of_members(
    connection: asyncpg.Connection, titled: Mapping[str, int], command: EstablishBody
) -> dict[str, int]:
    """Return those of some joint bodies that are of these members: others may have one of the same title."""
    pieces = await pieces_from(connection, body_time, Facet.MEMBERS, titled.values(), command.first_day)
    wanted = members_text(command.members)
    same = {piece.subject_id for piece in pieces if piece.value == wanted}
    return {reference: id_ for reference, id_ in titled.items() if id_ in same}


def _no_member(organisation: str) -> Conflict:
    message = f"{organisation or 'no organisation'} is no member whose seat it could be"
    return NotAMember(message, reasons=[Reason(message, "posts.organisation")])


async def _still_there(
    connection: asyncpg.Connection, command: EstablishBody, titled: Mapping[str, int]
) -> list[Conflict]:
    """Return a refusal for each body of the title that exists on the first day or later."""
    pieces = await pieces_from(connection, body_time, Facet.STANDS, titled.values(), command.first_day)
    there = {piece.subject_id for piece in pieces}
    whose = command.organisation or " and ".join(command.members)
    return [_body_exists(whose, reference, "title") for reference, id_ in titled.items() if id_ in there]


def _body_exists(whose: str, reference: str, field: str) -> Conflict:
    message = f"{whose} has {reference} already"
    return BodyExists(message, reasons=[Reason(message, field)])


async def _refusals(
    connection: asyncpg.Connection,
    command: EstablishBody,
    bodies: Mapping[str, Body],
    within: Body | None,
    *,
    today: date,
) -> list[Conflict]:
    """Return the reasons why the organisation cannot have this body from its first day on."""
    refusals = await organisation_refusals(connection, command.organisation, command.first_day, None, today=today)
    there = leading(bodies)
    if within is None and there is not None:
        refusals.append(_body_exists(command.organisation, there.reference, "organisation"))
    days = days_of(command.first_day, None)
    if within is not None:
        titled = {one.reference: one.id for one in bodies.values() if title_slug(one.reference) == command.reference}
        refusals += await _still_there(connection, command, titled)
        refusals += await not_standing(
            connection, body_time, within.id, days, refusal=BodyNotStanding, named=within.reference, field="within"
        )
    return refusals


def _new_body(command: EstablishBody, reference: str, within: Body | None, pack: str | None) -> Body:
    return Body(
        reference=reference,
        organisation=command.organisation,
        kind=command.kind,
        within_id=within.id if within else None,
        title=command.full_title,
        pack=pack if within is None else None,
    )


def _with_mandatory(command: EstablishBody, mandatory: Mapping[str, str]) -> list[NewPost]:
    requested = {post_slug(post.title) for post in command.posts}
    added = [NewPost(title=title) for slug, title in mandatory.items() if slug not in requested]
    return [*added, *command.posts]


def body_established(
    body: Body, within: Body | None, *, on: date, stated_at: datetime, members: Collection[str] = ()
) -> BodyEstablished:
    """Return the event of a body that stands from a day on."""
    return BodyEstablished(
        body=body.reference,
        organisation=body.organisation,
        title=body.title,
        kind=body.kind,
        members=tuple(sorted(set(members))) or (body.organisation,),
        within=within.reference if within else "",
        effective_on=on,
        stated_at=stated_at,
    )


def body_reference(organisation: str, kind: BodyKind = BodyKind.GOVERNING_BODY, title: str = "") -> str:
    """Return the reference of a body: `14Y-governing-body`, `QHM-board`, `14Y-audit-committee`.

    Of a body that leads it follows from the kind, and else from the title.
    """
    return f"{organisation}-{post_slug(LEADING_TITLES.get(kind, title))}"


def _within(bodies: Mapping[str, Body], command: EstablishBody) -> Body:
    """Return the body within which a committee or panel stands. Raises BodyNotFound."""
    within = leading(bodies) if command.within is None else bodies.get(command.within)
    if within is None:
        named = f"no body {command.within}" if command.within else "no body that leads it"
        raise BodyNotFound(f"{command.organisation} has {named}")
    return within
