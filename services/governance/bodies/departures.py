"""Takes a member out of a joint body with its seats and what it delegated, and ends single seats."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

import asyncpg

from libs.common.events import Event
from services.governance.bodies.joint import change_members
from services.governance.core.catalogue import INSTRUMENT_ENDED
from services.governance.core.members import living_in
from services.governance.core.models import Body, Facet, post_time
from services.governance.lifetimes.dissolution import Dissolution, end_posts, explain
from services.governance.lifetimes.rights import end_rights

_SEATS = (
    "SELECT id, reference, member AS organisation FROM post WHERE body_id = $1 AND member = ANY($2) ORDER BY reference"
)
_NAMED = "SELECT id, reference, member AS organisation FROM post WHERE reference = ANY($1) ORDER BY reference"
_RIGHTS = """
WITH RECURSIVE passed_on (id) AS (
    SELECT id FROM decision_right WHERE body_id = $1 AND member = ANY($2)
     UNION SELECT r.id FROM decision_right r JOIN passed_on ON r.delegated_from = passed_on.id
)
SELECT id FROM passed_on ORDER BY id
"""


async def leave_body(
    connection: asyncpg.Connection, body: Body, organisation: str, on: date, *, stated_at: datetime, by: str
) -> list[Event]:
    """End a member's part in a locked joint body: `on` is the first day without it. Return the events to publish.

    What it took over from members that live on in it by then is a part of it.
    """
    codes = await living_in(connection, [organisation], on=on)
    end = Dissolution((), on, f"{organisation} left {body.reference}", stated_at, body=body.reference)
    events = await _end_posts(connection, await connection.fetch(_SEATS, body.id, codes), end, by=by)
    rights = [row["id"] for row in await connection.fetch(_RIGHTS, body.id, codes)]
    events += await end_rights(connection, rights, on, reason=INSTRUMENT_ENDED, stated_at=stated_at, by=by)
    await change_members(connection, body, on, leaving=codes, stated_at=stated_at, by=by)
    return events


async def end_seats(
    connection: asyncpg.Connection, body: Body, posts: Collection[str], on: date, *, stated_at: datetime, by: str
) -> list[Event]:
    """End these posts of a locked joint body from a day, with their holders; return the events to publish."""
    end = Dissolution((), on, f"the constitution of {body.reference} was changed", stated_at, body=body.reference)
    return await _end_posts(connection, await connection.fetch(_NAMED, sorted(posts)), end, by=by)


async def _end_posts(
    connection: asyncpg.Connection, rows: Sequence[asyncpg.Record], end: Dissolution, *, by: str
) -> list[Event]:
    seats = {row["id"]: row for row in rows}
    events = await end_posts(connection, seats, end, by=by)
    await explain(connection, post_time, Facet.HOLDER, seats, end, by=by)
    return events
