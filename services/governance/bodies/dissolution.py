"""Dissolves bodies from a day, with their posts, appointments and rights."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from libs.common.events import Event
from libs.common.events.governance import AppointmentEnded, BodyDissolved
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.governance.bodies.standing import end, pieces_from, state
from services.governance.core.models import Facet, body_time, post_time, right_time

_BODIES = "SELECT id, reference, organisation FROM body WHERE organisation = ANY($1) ORDER BY organisation FOR UPDATE"
_POSTS = """
SELECT p.id, p.reference, b.organisation FROM post p JOIN body b ON b.id = p.body_id
 WHERE b.id = ANY($1) ORDER BY p.reference
"""
_RIGHTS = "SELECT id FROM decision_right WHERE body_id = ANY($1) ORDER BY id"
_APPOINTMENTS_ENDED = "UPDATE appointment SET version = version + 1 WHERE id = ANY($1) RETURNING id, person_id"
_RIGHTS_ENDED = "UPDATE decision_right SET to_remake_for = $2, version = version + 1 WHERE id = ANY($1)"


@dataclass(frozen=True, slots=True)
class Dissolution:
    """The end of these organisations' bodies: `on` is the first day without them, `successor` takes over."""

    organisations: Collection[str]
    on: date
    reason: str
    stated_at: datetime
    successor: str | None = None


async def dissolve(connection: asyncpg.Connection, dissolution: Dissolution, *, by: str) -> list[Event]:
    """Dissolve the bodies; return the events to publish. Appointments and rights that ended before stay unchanged.

    The caller has locked the known organisations. An appointment that was to begin later never does.
    """
    bodies = {row["id"]: row for row in await connection.fetch(_BODIES, list(dissolution.organisations))}
    if not bodies:
        return []
    told = await _end_appointments(connection, list(bodies), dissolution, by=by)
    await _end_rights(connection, list(bodies), dissolution, by=by)
    standing = await pieces_from(connection, body_time, Facet.STANDS, bodies, dissolution.on)
    gone = await end(connection, body_time, Facet.STANDS, standing, stated_at=dissolution.stated_at, by=by)
    dissolved = {change.subject_id: change.stated_at for change in gone}
    return told + [
        BodyDissolved(
            body=bodies[body_id]["reference"],
            organisation=bodies[body_id]["organisation"],
            effective_on=dissolution.on,
            stated_at=stated_at,
        )
        for body_id, stated_at in dissolved.items()
    ]


async def _end_appointments(
    connection: asyncpg.Connection, bodies: list[int], dissolution: Dissolution, *, by: str
) -> list[Event]:
    posts = {row["id"]: row for row in await connection.fetch(_POSTS, bodies)}
    standing = await pieces_from(connection, post_time, Facet.STANDS, posts, dissolution.on)
    await end(connection, post_time, Facet.STANDS, standing, stated_at=dissolution.stated_at, by=by)
    held = await pieces_from(connection, post_time, Facet.HOLDER, posts, dissolution.on)
    ended = await end(connection, post_time, Facet.HOLDER, held, stated_at=dissolution.stated_at, by=by)
    why = [
        NewStatement(change.subject_id, Facet.BECAUSE, dissolution.reason, Days(change.days.start), change.stated_at)
        for change in ended
    ]
    await state(connection, post_time, why, by=by)
    rows = await connection.fetch(_APPOINTMENTS_ENDED, [piece.value for piece in held])
    persons = {row["id"]: row["person_id"] for row in rows}
    return [
        AppointmentEnded(
            post=posts[piece.subject_id]["reference"],
            organisation=posts[piece.subject_id]["organisation"],
            person=persons[piece.value],
            reason=dissolution.reason,
            effective_on=piece.days.start,
            stated_at=change.stated_at,
        )
        for piece, change in zip(held, ended, strict=True)
    ]


async def _end_rights(connection: asyncpg.Connection, bodies: list[int], dissolution: Dissolution, *, by: str) -> None:
    """End the bodies' decision rights. None passes automatically: the successor's list names them to be made again."""
    rights = [row["id"] for row in await connection.fetch(_RIGHTS, bodies)]
    standing = await pieces_from(connection, right_time, Facet.STANDS, rights, dissolution.on)
    ended = await end(connection, right_time, Facet.STANDS, standing, stated_at=dissolution.stated_at, by=by)
    why = [
        NewStatement(change.subject_id, Facet.BECAUSE, dissolution.reason, change.days, change.stated_at)
        for change in ended
    ]
    await state(connection, right_time, why, by=by)
    await connection.execute(_RIGHTS_ENDED, [change.subject_id for change in ended], dissolution.successor)
