"""Locks an organisation's bodies and the known organisation, for a caller that may decide for it."""

from collections.abc import Mapping
from datetime import date

import asyncpg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Conflict, Reason
from libs.common.identity import Caller, Role
from libs.organisations.projection import KnownOrganisation
from services.governance.core.acts import must_decide_for
from services.governance.core.errors import BodyNotFound, OrganisationNotOpen, PostNotFound
from services.governance.core.models import Body, Post, known


async def lock_bodies(session: AsyncSession, organisation: str, *, by: Caller, today: date) -> Mapping[str, Body]:
    """Lock the known organisation, then its bodies, for a caller that may decide for it; return them by reference.

    The reaction to a merger takes the same locks in the same order, so what is checked now holds until the commit.
    Raises RoleMissing, NotYoursToDecide.
    """
    by.must_have(Role.GOVERNANCE_LEAD)
    connection = await raw(session)
    await must_decide_for(connection, organisation, by=by, today=today)
    await known.lock(connection, [organisation])
    # A succession may have come, or been undone, while the lock was waited for.
    await must_decide_for(connection, organisation, by=by, today=today)
    found = select(Body).where(Body.organisation == organisation).order_by(Body.reference).with_for_update()
    rows = await session.scalars(found, execution_options={"populate_existing": True})
    return {body.reference: body for body in rows}


async def get_body_to_change(
    session: AsyncSession, organisation: str, *, by: Caller, today: date, reference: str | None = None
) -> Body:
    """Lock the body of this reference, or the one that leads the organisation.

    Raises BodyNotFound, RoleMissing, NotYoursToDecide.
    """
    bodies = await lock_bodies(session, organisation, by=by, today=today)
    body = leading(bodies) if reference is None else bodies.get(reference)
    if body is None:
        raise BodyNotFound(f"no body {reference} is known" if reference else f"no body of {organisation} is known")
    return body


def leading(bodies: Mapping[str, Body]) -> Body | None:
    """Return the body that leads its organisation, None where it has none."""
    return next((body for body in bodies.values() if body.within_id is None), None)


async def organisation_on(connection: asyncpg.Connection, organisation: str, day: date) -> KnownOrganisation:
    """Return the organisation as at a day, as known now."""
    return await known.status(connection, organisation, as_at=day)


async def organisation_refusals(
    connection: asyncpg.Connection, organisation: str, first_day: date, last_day: date | None, *, today: date
) -> list[Conflict]:
    """Return the reasons why this organisation cannot have a body or post on these days.

    It has to be open or proposed on the first day and on the last, or on today where there is no last day.
    """
    days = {last_day: "last_day"} if last_day else {max(first_day, today): "first_day"}
    return [
        OrganisationNotOpen(
            f"{organisation} is {status} on {day.isoformat()}",
            reasons=[Reason(f"{organisation} is {status} on {day.isoformat()}", field)],
        )
        for day, field in sorted((days | {first_day: "first_day"}).items())
        if (status := (await organisation_on(connection, organisation, day)).status) not in ("open", "proposed")
    ]


def organisation_of(reference: str) -> str:
    """Return the organisation that the reference of a post or a body names; `JOINT` where it is a joint body's."""
    return reference.partition("/")[0].partition("-")[0]


async def get_post(session: AsyncSession, reference: str) -> Post:
    """Return a post; its body is locked where it is to be changed. Raises PostNotFound."""
    post = await session.scalar(select(Post).where(Post.reference == reference))
    if post is None:
        raise PostNotFound(f"there is no post {reference}")
    return post
