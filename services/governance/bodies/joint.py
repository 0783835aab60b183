"""Bodies of several organisations: who must act for one, and how a member joins or leaves."""

from collections.abc import Sequence
from datetime import date, datetime

import asyncpg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Conflict, Reason
from libs.common.identity import Caller, Role
from libs.common.temporal.history import FIRST_DAY, Days
from libs.common.temporal.timeline import NewStatement
from services.governance.bodies.organisations import get_body_to_change, get_post, organisation_of
from services.governance.core.acts import must_decide_for
from services.governance.core.errors import BodyNotFound, NotAMember
from services.governance.core.members import living, members_in, members_text
from services.governance.core.models import Body, Facet, Post, body_time, known
from services.governance.lifetimes.standing import pieces_from, spelt, state

JOINT = "JOINT"
"""What stands in a joint body's reference where another body's has its organisation's code."""


async def lock_members(session: AsyncSession, members: Sequence[str], *, by: Caller, today: date) -> None:
    """Lock these organisations for a caller that may decide for every one. Raises RoleMissing, NotYoursToDecide."""
    by.must_have(Role.GOVERNANCE_LEAD)
    connection = await raw(session)
    deciding = await known.deciders(connection, members, today=today)
    await known.must_act_for(connection, deciding, by=by)
    await known.lock(connection, members)
    deciding = await known.deciders(connection, members, today=today)
    await known.must_act_for(connection, deciding, by=by)


async def get_joint_body(session: AsyncSession, reference: str) -> Body:
    """Lock a joint body. Raises BodyNotFound."""
    found = select(Body).where(Body.reference == reference, Body.organisation == "").with_for_update()
    body = await session.scalar(found, execution_options={"populate_existing": True})
    if body is None:
        raise BodyNotFound(f"no body {reference} is known")
    return body


async def get_joint_body_to_change(session: AsyncSession, reference: str, *, by: Caller, today: date) -> Body:
    """Lock a joint body for a caller that may decide for all its members, since what changes it binds them all.

    Raises BodyNotFound, RoleMissing, NotYoursToDecide.
    """
    connection = await raw(session)
    row = await session.scalar(select(Body.id).where(Body.reference == reference, Body.organisation == ""))
    if row is None:
        raise BodyNotFound(f"no body {reference} is known")
    members = await members_from(connection, row, today)
    await lock_members(session, members, by=by, today=today)
    body = await get_joint_body(session, reference)
    if (now := await members_from(connection, row, today)) != members:
        await lock_members(session, now, by=by, today=today)
    return body


async def get_named_body_to_change(session: AsyncSession, reference: str, *, by: Caller, today: date) -> Body:
    """Lock a body by its reference. Raises BodyNotFound, RoleMissing, NotYoursToDecide."""
    if organisation_of(reference) == JOINT:
        return await get_joint_body_to_change(session, reference, by=by, today=today)
    return await get_body_to_change(session, organisation_of(reference), by=by, today=today, reference=reference)


async def get_seat_to_change(session: AsyncSession, reference: str, *, by: Caller, today: date) -> Post:
    """Return a post whose body is locked, for a caller that may decide for the organisation that it is for.

    A member fills its own seats in a joint body. Raises PostNotFound, BodyNotFound, RoleMissing, NotYoursToDecide.
    """
    if organisation_of(reference) != JOINT:
        await get_body_to_change(session, organisation_of(reference), by=by, today=today)
        return await get_post(session, reference)
    post = await get_post(session, reference)
    connection = await raw(session)
    by.must_have(Role.GOVERNANCE_LEAD)
    await must_decide_for(connection, post.member, by=by, today=today)
    await known.lock(connection, [post.member])
    await must_decide_for(connection, post.member, by=by, today=today)
    await session.get_one(Body, post.body_id, with_for_update=True, populate_existing=True)
    return post


async def members_from(connection: asyncpg.Connection, body_id: int, day: date) -> tuple[str, ...]:
    """Return the members of a joint body on any day from one on, as they live on; all that it had where it ended."""
    pieces = await pieces_from(connection, body_time, Facet.MEMBERS, [body_id], FIRST_DAY)
    ahead = [piece for piece in pieces if piece.days.end > day] or pieces
    return await living(connection, {code for piece in ahead for code in members_in(piece.value)}, on=day)


async def not_member(connection: asyncpg.Connection, body: Body, organisation: str, days: Days) -> list[Conflict]:
    """Return the refusal of an organisation that is no member of a joint body on every one of these days."""
    if body.organisation:
        return []
    pieces = await pieces_from(connection, body_time, Facet.MEMBERS, [body.id], days.start)
    within = [piece for piece in pieces if piece.days.start < days.end]
    named = [await living(connection, members_in(piece.value), on=piece.days.start) for piece in within]
    if named and all(organisation in members for members in named):
        return []
    message = f"{organisation} is no member of {body.reference} on every day {spelt(days)}"
    return [NotAMember(message, reasons=[Reason(message, "organisation")])]


async def change_members(
    connection: asyncpg.Connection,
    body: Body,
    day: date,
    *,
    joining: Sequence[str] = (),
    leaving: Sequence[str] = (),
    stated_at: datetime,
    by: str,
) -> None:
    """State that organisations join or leave a locked joint body from a day on; later changes stay."""
    pieces = await pieces_from(connection, body_time, Facet.MEMBERS, [body.id], day)
    changes = [
        NewStatement(
            body.id,
            Facet.MEMBERS,
            members_text((set(members_in(piece.value)) | set(joining)) - set(leaving)),
            Days(piece.days.start, piece.days.end),
            stated_at,
        )
        for piece in pieces
    ]
    await state(connection, body_time, changes, by=by)
