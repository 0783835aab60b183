"""Restores bodies whose end was undone, with their posts, holders and rights.

The beliefs before the end are stated again, at a later instant: what was known meanwhile stays known.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import asyncpg

from libs.common.events import Event
from libs.common.events.governance import AppointmentMade, BodyEstablished
from libs.common.temporal.history import LAST_DAY, Days
from libs.common.temporal.timeline import NewStatement, Timeline
from services.governance.bodies.standing import pieces_from, state
from services.governance.core.models import Facet, body_time, post_time, right_time

_BODY = "SELECT id, reference, title FROM body WHERE organisation = $1 FOR UPDATE"
_POSTS = "SELECT id, reference, title FROM post WHERE body_id = $1 ORDER BY reference"
_RIGHTS = "SELECT id FROM decision_right WHERE body_id = $1 ORDER BY id"
_APPOINTMENTS = "UPDATE appointment SET version = version + 1 WHERE id = ANY($1) RETURNING id, person_id"
_RIGHTS_AGAIN = "UPDATE decision_right SET to_remake_for = NULL, version = version + 1 WHERE id = ANY($1)"


@dataclass(frozen=True, slots=True)
class UndoneEnd:
    """An end that was undone: `on` the first day without the body, known from `since` until `stated_at`."""

    on: date
    since: datetime
    stated_at: datetime


async def restore(connection: asyncpg.Connection, organisation: str, end: UndoneEnd, *, by: str) -> list[Event]:
    """Continue an organisation's body as if it had not ended on a day; return the events to publish.

    Appointments and rights that ended before, or were made since, stay. The caller has locked the known organisation.
    """
    body = await connection.fetchrow(_BODY, organisation)
    if body is None or await pieces_from(connection, body_time, Facet.STANDS, [body["id"]], end.on):
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
    """State again the beliefs about these subjects from a day, as before the end was stated."""
    rows: Sequence[asyncpg.Record] = await connection.fetch(
        f"""
        WITH ended AS (
            SELECT subject_id, max(stated_at) AS at FROM {timeline.statements}
             WHERE subject_id = ANY($1) AND facet = $2 AND value IS NULL AND lower(valid) >= $3
               AND stated_at >= $5
             GROUP BY subject_id)
        SELECT b.subject_id, b.value, greatest(lower(b.valid), $3) AS first_day, upper(b.valid) AS end_day
          FROM ended JOIN {timeline.beliefs} b USING (subject_id)
         WHERE b.facet = $2 AND b.known @> ended.at - $4::interval AND b.valid && daterange($3, NULL)
           AND NOT EXISTS (
               SELECT FROM {timeline.beliefs} now
                WHERE now.subject_id = b.subject_id AND now.facet = $2 AND upper_inf(now.known) AND now.valid && b.valid
                  AND now.valid && daterange($3, NULL))
         ORDER BY b.subject_id, first_day
        """,  # noqa: S608  (the table names are ours)
        list(subjects),
        facet,
        end.on,
        timedelta(microseconds=1),
        end.since,
    )
    statements = [
        NewStatement(
            row["subject_id"], facet, row["value"], Days(row["first_day"], row["end_day"] or LAST_DAY), end.stated_at
        )
        for row in rows
    ]
    return await state(connection, timeline, statements, by=by)
