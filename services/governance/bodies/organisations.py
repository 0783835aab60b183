"""Locks an organisation's body and the known organisation, for a caller that may decide for it."""

from datetime import date

import asyncpg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Conflict, Reason
from libs.common.identity import Caller, Role
from libs.organisations.projection import KnownOrganisation
from services.governance.core.acts import must_decide_for
from services.governance.core.errors import BodyNotFound, OrganisationNotOpen
from services.governance.core.models import Body, known


async def find_body_to_change(session: AsyncSession, organisation: str, *, by: Caller, today: date) -> Body | None:
    """Lock the known organisation, then its body, for a caller that may decide for it.

    The reaction to a merger takes the same locks in the same order, so what is checked now holds until the commit.
    Raises RoleMissing, NotYoursToDecide.
    """
    by.must_have(Role.GOVERNANCE_LEAD)
    connection = await raw(session)
    await must_decide_for(connection, organisation, by=by, today=today)
    await known.lock(connection, [organisation])
    # A succession may have come, or been undone, while the lock was waited for.
    await must_decide_for(connection, organisation, by=by, today=today)
    found = select(Body).where(Body.organisation == organisation)
    return await session.scalar(found.with_for_update(), execution_options={"populate_existing": True})


async def get_body_to_change(session: AsyncSession, organisation: str, *, by: Caller, today: date) -> Body:
    """Lock an organisation's body. Raises BodyNotFound, RoleMissing, NotYoursToDecide."""
    body = await find_body_to_change(session, organisation, by=by, today=today)
    if body is None:
        raise BodyNotFound(f"no body of {organisation} is known")
    return body


async def organisation_on(connection: asyncpg.Connection, organisation: str, day: date) -> KnownOrganisation:
    """Return the organisation as at a day, as known now."""
    return await known.status(connection, organisation, as_at=day)


async def organisation_refusals(
    connection: asyncpg.Connection, organisation: str, first_day: date, last_day: date | None, *, today: date
) -> list[Conflict]:
    """Return the reasons why this organisation cannot have a body or post on these days.

    It has to be open or proposed on the first day and on the last, or on today where there is no last day.
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
