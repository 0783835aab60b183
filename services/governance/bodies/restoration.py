"""Restores bodies whose end was undone, with their posts, holders and rights.

The beliefs before the end are stated again, at a later instant: what was known meanwhile stays known.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import asyncpg

from libs.common.events import Event
from libs.common.events.governance import AppointmentMade, BodyEstablished
from libs.common.temporal.believed import as_known
from libs.common.temporal.history import LAST_DAY, Days
from libs.common.temporal.timeline import NewStatement, Timeline
from services.governance.bodies.standing import ended_with_body, pieces_from, stands_throughout, state
from services.governance.core.models import Facet, body_time, post_time, right_time

_BODY = "SELECT id, reference, title FROM body WHERE organisation = $1 FOR UPDATE"
_POSTS = "SELECT id, reference, title FROM post WHERE body_id = $1 ORDER BY reference"
_RIGHTS = "SELECT id FROM decision_right WHERE body_id = $1 ORDER BY id"
_APPOINTMENTS = "UPDATE appointment SET version = version + 1 WHERE id = ANY($1) RETURNING id, person_id"
_RIGHTS_AGAIN = "UPDATE decision_right SET to_remake_for = NULL, version = version + 1 WHERE id = ANY($1)"


@dataclass(frozen=True, slots=True)
class UndoneEnd:
    """An end that was undone at `stated_at`: `on` was the first day without the body."""

    on: date
    stated_at: datetime


async def restore(connection: asyncpg.Connection, organisation: str, end: UndoneEnd, *, by: str) -> list[Event]:
    """Continue an organisation's body that ended on a day, as if it had not; return the events to publish.

    What a command had ended before, or was made since, stays. The caller has locked the known organisation.
    """
    body = await connection.fetchrow(_BODY, organisation)
    if body is None or await pieces_from(connection, body_time, Facet.STANDS, [body["id"]], end.on):
        return []
    day_before = end.on - timedelta(days=1)
    if not await stands_throughout(connection, body_time, body["id"], Days(day_before, end.on)):
        return []
    stands = await _go_on(connection, body_time, Facet.STANDS, [body["id"]], end, by=by)
    if not stands:
        return []
    established = BodyEstablished(
        body=body["reference"],
        organisation=organisation,
        title=body["title"],
        effective_on=end.on,
        stated_at=stands[0].stated_at,
    )
    rights = await connection.fetch(_RIGHTS, body["id"])
    again = await _go_on(connection, right_time, Facet.STANDS, [row["id"] for row in rights], end, by=by)
    await connection.execute(_RIGHTS_AGAIN, sorted({statement.subject_id for statement in again}))
    return [established, *await _restore_posts(connection, organisation, body["id"], end, by=by)]


async def _restore_posts(
    connection: asyncpg.Connection, organisation: str, body_id: int, end: UndoneEnd, *, by: str
) -> list[Event]:
    """Continue the body's posts and their holders; return the events to publish."""
    posts = {row["id"]: row for row in await connection.fetch(_POSTS, body_id)}
    standing = await _go_on(connection, post_time, Facet.STANDS, posts, end, by=by)
    ended = {statement.subject_id for statement in standing}
    holders = await _go_on(connection, post_time, Facet.HOLDER, ended, end, by=by)
    rows = await connection.fetch(_APPOINTMENTS, [statement.value for statement in holders])
    persons = {row["id"]: row["person_id"] for row in rows}
    return [
        AppointmentMade(
            post=posts[statement.subject_id]["reference"],
            organisation=organisation,
            title=posts[statement.subject_id]["title"],
            person=persons[statement.value],
            effective_on=statement.days.start,
            stated_at=statement.stated_at,
        )
        for statement in holders
        if statement.value is not None
    ]


async def _go_on(
    connection: asyncpg.Connection,
    timeline: Timeline,
    facet: Facet,
    subjects: Collection[int],
    end: UndoneEnd,
    *,
    by: str,
) -> list[NewStatement]:
    """State again the beliefs about these subjects just before each ended with the body, whatever event ended it."""
    ends = await ended_with_body(connection, timeline, facet, subjects, end.on)
    rows = await connection.fetch(
        f"""
        SELECT b.subject_id, b.value, unnest(range_agg(b.valid * ended.valid)) AS days
          FROM (SELECT i AS subject_id, daterange(b, e) AS valid, t - interval '1 microsecond' AS before
                  FROM unnest($1::int[], $2::date[], $3::date[], $4::timestamptz[]) AS one (i, b, e, t)) AS ended
          JOIN {timeline.beliefs} b USING (subject_id)
         WHERE b.facet = $5 AND {as_known("b", "ended.before")} AND b.valid && ended.valid
         GROUP BY b.subject_id, b.value
         ORDER BY b.subject_id, days
        """,  # noqa: S608  (only names of ours are put in)
        [one.subject_id for one in ends],
        [one.days.start for one in ends],
        [None if one.days.end == LAST_DAY else one.days.end for one in ends],
        [one.stated_at for one in ends],
        facet,
    )
    statements = [
        NewStatement(
            row["subject_id"],
            facet,
            row["value"],
            Days(row["days"].lower, row["days"].upper or LAST_DAY),
            end.stated_at,
        )
        for row in rows
    ]
    return await state(connection, timeline, statements, by=by)
