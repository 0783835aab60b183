"""Restores bodies whose end was undone, with their posts, holders and rights.

The beliefs before the end are stated again, at a later instant: what was known meanwhile stays known.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import asyncpg

from libs.common.events import Event
from libs.common.events.governance import AppointmentEnded, AppointmentMade, BodyEstablished
from libs.common.temporal.believed import NOW, about, as_known
from libs.common.temporal.history import LAST_DAY, Days
from libs.common.temporal.timeline import NewStatement, Timeline
from services.governance.core.models import Facet, body_time, post_time, right_time
from services.governance.lifetimes.rights import granted_rights
from services.governance.lifetimes.standing import end as end_pieces
from services.governance.lifetimes.standing import ended_with_body, pieces_from, stands_throughout, state

_BODIES = """
SELECT b.id, b.reference, b.title, b.kind, coalesce(w.reference, '') AS within
  FROM body b LEFT JOIN body w ON w.id = b.within_id
 WHERE b.organisation = $1 ORDER BY b.reference FOR UPDATE OF b
"""
_JOINT = """
SELECT id, reference, title, kind, '' AS within FROM body WHERE reference = $1 AND organisation = '' FOR UPDATE
"""
_POSTS = "SELECT id, reference, title, member FROM post WHERE body_id = $1 ORDER BY reference"
_RIGHTS = "SELECT id FROM decision_right WHERE body_id = $1 ORDER BY id"
_SEATS = "SELECT id, reference, title, member FROM post WHERE member = $1 AND member <> '' ORDER BY reference"
_DELEGATED = "SELECT id FROM decision_right WHERE member = $1 AND member <> '' ORDER BY id"
_APPOINTMENTS = "UPDATE appointment SET version = version + 1 WHERE id = ANY($1) RETURNING id, person_id"
_RIGHTS_AGAIN = "UPDATE decision_right SET to_remake_for = NULL, version = version + 1 WHERE id = ANY($1)"
_PASSED_ON = f"""
SELECT b.subject_id
  FROM {right_time.beliefs} b
 WHERE {about("b", Facet.TO_REMAKE)} AND b.value = $1 AND upper(b.valid) = $2 AND {as_known("b", NOW)}
 ORDER BY b.subject_id
"""  # noqa: S608  (only names of ours are put in)
_WAIT_AGAIN = "UPDATE decision_right SET to_remake_for = $2, version = version + 1 WHERE id = ANY($1)"


@dataclass(frozen=True, slots=True)
class UndoneEnd:
    """An end that was undone at `stated_at`: `on` was the first day without the body."""

    on: date
    stated_at: datetime


async def restore(connection: asyncpg.Connection, organisation: str, end: UndoneEnd, *, by: str) -> list[Event]:
    """Continue an organisation's bodies that ended on a day, as if they had not; return the events to publish.

    What a command had ended before, or was made since, stays. The caller has locked the known organisation.
    """
    told: list[Event] = []
    for body in await connection.fetch(_BODIES, organisation):
        told += await _restore_body(connection, organisation, body, end, members=[organisation], by=by)
    told += await _restore_posts(connection, organisation, await connection.fetch(_SEATS, organisation), end, by=by)
    told += await _restore_rights(connection, await connection.fetch(_DELEGATED, organisation), end, by=by)
    if told:
        # What waited for this organisation, and was passed on to its successor, waits for it again.
        back = [row["subject_id"] for row in await connection.fetch(_PASSED_ON, organisation, end.on)]
        waits = [NewStatement(right, Facet.TO_REMAKE, organisation, Days(end.on), end.stated_at) for right in back]
        await state(connection, right_time, waits, by=by)
        await connection.execute(_WAIT_AGAIN, back, organisation)
    return told


async def restore_joint_body(
    connection: asyncpg.Connection, reference: str, members: Sequence[str], end: UndoneEnd, *, by: str
) -> list[Event]:
    """Continue a joint body that ended as its members lived on in one, as if it had not; return the events."""
    body = await connection.fetchrow(_JOINT, reference)
    return [] if body is None else await _restore_body(connection, "", body, end, members=members, by=by)


async def _restore_body(
    connection: asyncpg.Connection,
    organisation: str,
    body: asyncpg.Record,
    end: UndoneEnd,
    *,
    members: Sequence[str],
    by: str,
) -> list[Event]:
    if await pieces_from(connection, body_time, Facet.STANDS, [body["id"]], end.on):
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
        kind=body["kind"],
        members=tuple(members),
        within=body["within"],
        effective_on=end.on,
        stated_at=stands[0].stated_at,
    )
    rights = await _restore_rights(connection, await connection.fetch(_RIGHTS, body["id"]), end, by=by)
    rows = await connection.fetch(_POSTS, body["id"])
    return [established, *await _restore_posts(connection, organisation, rows, end, by=by), *rights]


async def _restore_rights(
    connection: asyncpg.Connection, rows: Sequence[asyncpg.Record], end: UndoneEnd, *, by: str
) -> list[Event]:
    """Continue these rights; return the events to publish."""
    again = await _go_on(connection, right_time, Facet.STANDS, [row["id"] for row in rows], end, by=by)
    stand_again = sorted({statement.subject_id for statement in again})
    await connection.execute(_RIGHTS_AGAIN, stand_again)
    waited = await pieces_from(connection, right_time, Facet.TO_REMAKE, stand_again, end.on)
    await end_pieces(connection, right_time, Facet.TO_REMAKE, waited, stated_at=end.stated_at, by=by)
    return await granted_rights(connection, again)


async def _restore_posts(
    connection: asyncpg.Connection, organisation: str, rows: Sequence[asyncpg.Record], end: UndoneEnd, *, by: str
) -> list[Event]:
    """Continue these posts and their holders; return the events to publish, then those of their ends."""
    posts = {row["id"]: row for row in rows}
    standing = await _go_on(connection, post_time, Facet.STANDS, posts, end, by=by)
    ended = {statement.subject_id for statement in standing}
    holders = await _go_on(connection, post_time, Facet.HOLDER, ended, end, by=by)
    rows = await connection.fetch(_APPOINTMENTS, [statement.value for statement in holders])
    persons = {row["id"]: row["person_id"] for row in rows}
    made = [
        AppointmentMade(
            post=posts[statement.subject_id]["reference"],
            organisation=posts[statement.subject_id]["member"] or organisation,
            title=posts[statement.subject_id]["title"],
            person=persons[statement.value],
            effective_on=statement.days.start,
            stated_at=statement.stated_at,
        )
        for statement in holders
        if statement.value is not None
    ]
    ends = [statement for statement in holders if statement.days.end != LAST_DAY]
    why = await pieces_from(connection, post_time, Facet.BECAUSE, {one.subject_id for one in ends}, end.on)
    return [
        *made,
        *(
            AppointmentEnded(
                post=posts[one.subject_id]["reference"],
                organisation=posts[one.subject_id]["member"] or organisation,
                person=persons[str(one.value)],
                reason=piece.value,
                effective_on=one.days.end,
                stated_at=one.stated_at,
            )
            for one in ends
            for piece in why
            if piece.subject_id == one.subject_id and one.days.end in piece.days
        ),
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
    """State again the beliefs about these subjects just before each ended with the body, whatever event ended it.

    What ended before that day by a later command stays ended: it does not begin again on the day.
    """
    ends = await ended_with_body(connection, timeline, facet, subjects, end.on)
    rows = await connection.fetch(
        f"""
        SELECT b.subject_id, b.value, unnest(range_agg(b.valid * ended.valid)) AS days
          FROM (SELECT i AS subject_id, daterange(b, e) AS valid, t - interval '1 microsecond' AS before
                  FROM unnest($1::int[], $2::date[], $3::date[], $4::timestamptz[]) AS one (i, b, e, t)) AS ended
          JOIN {timeline.beliefs} b USING (subject_id)
         WHERE b.facet = $5 AND {as_known("b", "ended.before")} AND b.valid && ended.valid
           AND (lower(b.valid) >= lower(ended.valid) OR EXISTS (
                SELECT FROM {timeline.beliefs} now
                 WHERE now.subject_id = b.subject_id AND now.facet = b.facet AND now.value = b.value
                   AND {as_known("now", NOW)} AND now.valid @> lower(ended.valid) - 1))
         GROUP BY b.subject_id, b.value
         ORDER BY b.subject_id, days
        """,  # noqa: S608  (only names of ours are put in)
        [one.subject_id for one in ends],
        [one.days.start for one in ends],
        [None if one.days.end == LAST_DAY else one.days.end for one in ends],
        [one.stated_at for one in ends],
        facet,
    )
    spans = [(row["subject_id"], row["value"], row["days"]) for row in rows]
    statements = [
        NewStatement(subject, facet, value, Days(days.lower, days.upper or LAST_DAY), end.stated_at)
        for subject, value, days in spans
    ]
    return await state(connection, timeline, statements, by=by)
