"""Dissolves bodies from a day, with their posts, appointments and rights."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Self

import asyncpg

from libs.common.events import Event
from libs.common.events.governance import AppointmentEnded, BodyDissolved
from libs.common.temporal.believed import NOW, about, as_known
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement, Timeline
from services.governance.core.catalogue import BODY_DISSOLVED
from services.governance.core.models import DISSOLVED, WITH_BODY, Facet, body_time, post_time, right_time
from services.governance.lifetimes.rights import ended_rights
from services.governance.lifetimes.standing import end, ended_with_body, pieces_from, state

_BODIES = """
WITH RECURSIVE within (id) AS (
    SELECT id FROM body WHERE organisation = ANY($1) AND ($2::text IS NULL OR reference = $2)
     UNION SELECT b.id FROM body b JOIN within ON b.within_id = within.id
)
SELECT id, reference, organisation FROM body WHERE id IN (SELECT id FROM within) ORDER BY reference FOR UPDATE
"""
_POSTS = """
SELECT p.id, p.reference, p.body_id, coalesce(nullif(p.member, ''), b.organisation) AS organisation
  FROM post p JOIN body b ON b.id = p.body_id
 WHERE b.id = ANY($1) OR (p.member <> '' AND p.member = ANY($2)) ORDER BY p.reference
"""
_RIGHTS = """
WITH RECURSIVE passed_on (id) AS (
    SELECT id FROM decision_right WHERE body_id = ANY($1) OR (member <> '' AND member = ANY($2))
     UNION SELECT r.id FROM decision_right r JOIN passed_on ON r.delegated_from = passed_on.id
)
SELECT id, body_id, member FROM decision_right WHERE id IN (SELECT id FROM passed_on) ORDER BY id
"""
_ENDED_ON = f"""
SELECT subject_id FROM {body_time.beliefs} b
 WHERE subject_id = ANY($1) AND {about("b", Facet.STANDS)} AND {as_known("b", NOW)} AND upper(valid) = $2
"""  # noqa: S608  (only names of ours are put in)
_APPOINTMENTS_ENDED = "UPDATE appointment SET version = version + 1 WHERE id = ANY($1) RETURNING id, person_id"
_RIGHTS_ENDED = """
UPDATE decision_right SET to_remake_for = $2, version = version + 1,
       remade_by = CASE WHEN id = ANY($3) THEN NULL ELSE remade_by END
 WHERE id = ANY($1)
"""


@dataclass(frozen=True, slots=True)
class Dissolution:
    """Bodies of these organisations end: `on` is the first day without them. Their rights wait for `successor`."""

    organisations: Collection[str]
    on: date
    reason: str
    stated_at: datetime
    successor: str | None = None
    body: str | None = None
    """Only the body of this reference, and those within it."""
    by_succession: bool = False
    """That one body ends because all of its members live on in one, and is restored where that is undone."""

    @property
    def source(self) -> str:
        """The source of the statements that end what ends: nothing undoes the end of one body but a succession."""
        return WITH_BODY if self.body is None or self.by_succession else DISSOLVED


@dataclass(frozen=True, slots=True)
class Dissolved:
    """What a dissolution did: the events to publish, and whether it wrote anything."""

    events: list[Event]
    changed: bool

    def __add__(self, other: Self) -> Self:
        return replace(self, events=self.events + other.events, changed=self.changed or other.changed)


async def dissolve(connection: asyncpg.Connection, dissolution: Dissolution, *, by: str) -> Dissolved:
    """Dissolve the bodies, with the rights passed on from theirs, and what the organisations had in joint bodies.

    What a command had ended before stays; an appointment that was to begin later never does.
    Where the bodies have ended on that day already, for another reason, what ended with them gets this reason, and the
    rights this successor. The caller has locked the known organisations.
    """
    bodies = {
        row["id"]: row for row in await connection.fetch(_BODIES, list(dissolution.organisations), dissolution.body)
    }
    members = list(dissolution.organisations) if dissolution.body is None else []
    posts = {row["id"]: row for row in await connection.fetch(_POSTS, list(bodies), members)}
    rows = await connection.fetch(_RIGHTS, list(bodies), members)
    rights = {row["id"]: row["body_id"] for row in rows}
    others = {row["id"] for row in rows if row["member"] and row["member"] not in dissolution.organisations}
    if not (bodies or posts or rights):
        return Dissolved([], changed=False)
    told = await end_posts(connection, posts, dissolution, by=by)
    rights_gone = await _end(connection, right_time, Facet.STANDS, rights, dissolution, by=by)
    gone = await _end(connection, body_time, Facet.STANDS, bodies, dissolution, by=by)
    told += await ended_rights(connection, rights_gone, reason=BODY_DISSOLVED)
    told += [
        BodyDissolved(
            body=bodies[change.subject_id]["reference"],
            organisation=bodies[change.subject_id]["organisation"],
            effective_on=dissolution.on,
            stated_at=change.stated_at,
        )
        for change in {change.subject_id: change for change in gone}.values()
    ]
    ended = {row["subject_id"] for row in await connection.fetch(_ENDED_ON, list(bodies), dissolution.on)}
    ended |= {change.subject_id for change in gone}
    of_posts = [post for post, row in posts.items() if row["body_id"] in ended or row["body_id"] not in bodies]
    of_rights = [right for right, body in rights.items() if body in ended or body not in bodies]
    posts_explained = await explain(connection, post_time, Facet.HOLDER, of_posts, dissolution, by=by)
    rights_explained = await explain(connection, right_time, Facet.STANDS, of_rights, dissolution, by=by)
    to_remake = rights_explained.union(change.subject_id for change in rights_gone)
    ended_now = sorted({change.subject_id for change in rights_gone})
    # What others had granted to a body is theirs to grant again: it waits for no successor of the body's organisation.
    for those, successor in ((to_remake - others, dissolution.successor), (to_remake & others, None)):
        await connection.execute(_RIGHTS_ENDED, sorted(those), successor, ended_now)
    await _let_wait(connection, to_remake - others, {change.subject_id for change in rights_gone}, dissolution, by=by)
    return Dissolved(told, changed=bool(told or posts_explained or to_remake))


async def _let_wait(
    connection: asyncpg.Connection, rights: set[int], gone: set[int], dissolution: Dissolution, *, by: str
) -> None:
    """State for whom these rights wait from the day, if for any; those that have just ended are not remade yet."""
    for facet, subjects in ((Facet.TO_REMAKE, rights), (Facet.REMADE_BY, gone)):
        past = await pieces_from(connection, right_time, facet, subjects, dissolution.on)
        await end(connection, right_time, facet, past, stated_at=dissolution.stated_at, by=by)
    if dissolution.successor is not None:
        waits = [
            NewStatement(right, Facet.TO_REMAKE, dissolution.successor, Days(dissolution.on), dissolution.stated_at)
            for right in sorted(rights)
        ]
        await state(connection, right_time, waits, by=by)


async def end_posts(
    connection: asyncpg.Connection, posts: Mapping[int, Mapping[str, Any]], dissolution: Dissolution, *, by: str
) -> list[Event]:
    """End these posts, by id with reference and organisation, and their holders; return the events to publish."""
    await _end(connection, post_time, Facet.STANDS, posts, dissolution, by=by)
    held = await pieces_from(connection, post_time, Facet.HOLDER, posts, dissolution.on)
    ended = await end(
        connection, post_time, Facet.HOLDER, held, stated_at=dissolution.stated_at, by=by, source=dissolution.source
    )
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


async def _end(
    connection: asyncpg.Connection,
    timeline: Timeline,
    facet: Facet,
    subjects: Collection[int],
    dissolution: Dissolution,
    *,
    by: str,
) -> list[NewStatement]:
    pieces = await pieces_from(connection, timeline, facet, subjects, dissolution.on)
    return await end(
        connection, timeline, facet, pieces, stated_at=dissolution.stated_at, by=by, source=dissolution.source
    )


async def explain(
    connection: asyncpg.Connection,
    timeline: Timeline,
    facet: Facet,
    subjects: Collection[int],
    dissolution: Dissolution,
    *,
    by: str,
) -> set[int]:
    """State the reason of what a dissolution ended where another one, or none, is believed; return these subjects."""
    ends = await ended_with_body(connection, timeline, facet, subjects, dissolution.on, source=dissolution.source)
    believed = await pieces_from(connection, timeline, Facet.BECAUSE, subjects, dissolution.on)
    given: dict[int, list[Days]] = defaultdict(list)
    for piece in believed:
        if piece.value == dissolution.reason:
            given[piece.subject_id].append(piece.days)
    why = [
        one._replace(facet=Facet.BECAUSE, value=dissolution.reason, stated_at=max(one.stated_at, dissolution.stated_at))
        for one in ends
        if not any(one.days.start in days for days in given[one.subject_id])
    ]
    await state(connection, timeline, why, by=by)
    return {one.subject_id for one in why}
