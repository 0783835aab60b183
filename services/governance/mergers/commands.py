"""Carries out mergers: the predecessors' bodies end, and the successor's begins with their common holders.

The body of an organisation that an existing one took over only ends. An undoing is recorded by statements. Carrying a
merger out twice, late, or after a later merger has the same result as carrying all of them out in the order of their
days.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events import Event
from libs.common.events.governance import AppointmentMade, BodyEstablished, PostFellVacant
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.temporal.history import LAST_DAY, Days
from libs.common.temporal.timeline import NewStatement, Timeline
from libs.organisations.mergers import Merger, mergers_following
from services.governance.bodies.commands import GOVERNING_BODY, body_reference
from services.governance.bodies.dissolution import Dissolution, dissolve
from services.governance.bodies.posts import post_reference
from services.governance.bodies.restoration import UndoneEnd, restore
from services.governance.bodies.standing import pieces_from, standing, state
from services.governance.core.catalogue import catalogue_on
from services.governance.core.models import Facet, body_time, known, post_time
from services.governance.mergers.rules import CarriedPost, PredecessorPost, carry_over

_CARRIED = uuid.UUID("6f6b1c1e-5d0a-4f0e-9d33-0f7a1c2b9e10")
"""The namespace of the ids of appointments by mergers: one id for each, however often the event is consumed."""

_LAST_DAY_POSTS = """
SELECT b.organisation, p.slug, p.title, a.person_id
  FROM body b
  LEFT JOIN (post p JOIN post_time_belief s
                      ON s.subject_id = p.id AND s.facet = 1 AND upper_inf(s.known) AND s.valid @> $2::date - 1)
    ON p.body_id = b.id
  LEFT JOIN post_time_belief h
    ON h.subject_id = p.id AND h.facet = 2 AND upper_inf(h.known) AND h.valid @> $2::date - 1
  LEFT JOIN appointment a ON a.id = h.value
 WHERE b.organisation = ANY($1)
"""
_CLOSED_FROM = """
SELECT min(lower(b.valid))
  FROM known_organisation o JOIN known_organisation_belief b ON b.subject_id = o.id
 WHERE o.code = $1 AND b.facet = 1 AND b.value = 'closed' AND upper_inf(b.known) AND lower(b.valid) > $2
"""
_BEGUN_ON = """
SELECT min(lower(t.valid)) = $2::date FROM body b JOIN body_time_belief t ON t.subject_id = b.id
 WHERE b.organisation = $1 AND t.facet = 1 AND upper_inf(t.known)
"""
_UNDONE = """
SELECT max(lower(known)) FROM known_succession WHERE code = $1 AND effective_on = $2 AND NOT upper_inf(known)
"""
_INTO = "SELECT code, merger FROM known_succession WHERE successor = $1 AND effective_on = $2 AND upper_inf(known)"
_NEW_BODY = """
INSERT INTO body (reference, organisation, title, pack) VALUES ($1, $2, $3, $4) ON CONFLICT (organisation) DO NOTHING
"""
_NEW_POSTS = """
INSERT INTO post (body_id, reference, slug, title)
SELECT $1, r, s, t FROM unnest($2::text[], $3::text[], $4::text[]) AS new (r, s, t) ORDER BY r
    ON CONFLICT (reference) DO NOTHING
"""
_NEW_APPOINTMENTS = """
INSERT INTO appointment (id, post_id, person_id, version)
SELECT i, p, n, 1 FROM unnest($1::text[], $2::int[], $3::text[]) AS new (i, p, n)
    ON CONFLICT (id) DO UPDATE SET version = appointment.version + 1
"""
_REMADE_FOR = """
UPDATE decision_right SET to_remake_for = $2 WHERE to_remake_for = ANY($1) AND remade_by IS NULL RETURNING id
"""


@dataclass(frozen=True, slots=True)
class _Successor:
    """The successor's body, locked, with its present posts, slug to id."""

    merger: Merger
    body_id: int
    posts: Mapping[str, int]


async def carry_out_successions(session: AsyncSession, codes: Collection[str], *, on: date, by: Caller) -> bool:
    """End the bodies of predecessors from a day, and begin those of new successors.

    Later mergers are brought up to date. Returns whether anything changed.
    """
    connection = await raw(session)
    mergers = await mergers_following(connection, known.successions, codes, after=on - timedelta(days=1))
    await known.lock(connection, {code for one in mergers for code in (one.successor, *one.predecessors)})
    told: list[Event] = []
    passed_on: list[asyncpg.Record] = []
    for one in mergers:
        told += await (_carry_out if one.reference else _take_over)(connection, one, by=by.subject)
        ended = [code for code in one.predecessors if code != one.successor]
        passed_on += await connection.fetch(_REMADE_FOR, ended, one.successor)
    for one in mergers:
        if one.reference and one.effective_on == on:
            told += await _close(connection, one, by=by.subject)
    await outbox.add_all(session, told)
    return bool(told or passed_on)


async def _close(connection: asyncpg.Connection, merger: Merger, *, by: str) -> list[Event]:
    """End the successor's body where, after a late event, it has closed by now without a merger of its own."""
    closed_from: date | None = await connection.fetchval(_CLOSED_FROM, merger.successor, merger.effective_on)
    if closed_from is None:
        return []
    reason = f"{merger.successor} closed"
    return await dissolve(connection, Dissolution([merger.successor], closed_from, reason, merger.stated_at), by=by)


async def _take_over(connection: asyncpg.Connection, merger: Merger, *, by: str) -> list[Event]:
    """End the body of an organisation that an existing one took over; its rights wait to be made again there."""
    [code] = merger.predecessors
    reason = f"{merger.successor} took over {code}"
    dissolution = Dissolution([code], merger.effective_on, reason, merger.stated_at, merger.successor)
    return await dissolve(connection, dissolution, by=by)


async def dissolve_with_organisation(
    session: AsyncSession, organisation: str, *, on: date, stated_at: datetime, by: Caller
) -> bool:
    """End the body of an organisation that closed without a merger: no appointment continues."""
    connection = await raw(session)
    await known.lock(connection, [organisation])
    dissolution = Dissolution([organisation], on, f"{organisation} closed", stated_at)
    told = await dissolve(connection, dissolution, by=by.subject)
    await outbox.add_all(session, told)
    return bool(told)


async def restore_body(
    session: AsyncSession, organisation: str, *, on: date, stated_at: datetime, by: Caller, successor: str = ""
) -> bool:
    """Restore the body that ended on a day by a succession that is no longer believed.

    Only where the organisation is open on that day and no other took it over then. `successor` is the one of the undone
    succession: a body that began with it on that day ends, unless a merger into it is still believed. Appointments to a
    successor's earlier body stay: those who decide for it end them.
    """
    connection = await raw(session)
    await known.lock(connection, {organisation, successor} - {""})
    told: list[Event] = []
    if successor and not await _receives_on(connection, organisation, successor, on):
        begun = await connection.fetchval(_BEGUN_ON, successor, on)
        if begun:
            reason = f"no body was merged into {successor} on {on.isoformat()}"
            told += await dissolve(connection, Dissolution([successor], on, reason, stated_at), by=by.subject)
    following = await mergers_following(connection, known.successions, [organisation], after=on - timedelta(days=1))
    is_taken_over = any(one.effective_on == on and organisation in one.predecessors for one in following)
    status = (await known.status(connection, organisation, as_at=on)).status
    since: datetime | None = await connection.fetchval(_UNDONE, organisation, on)
    if status == "open" and not is_taken_over and since is not None:
        told += await restore(connection, organisation, UndoneEnd(on, since, stated_at), by=by.subject)
    await outbox.add_all(session, told)
    return bool(told)


async def _receives_on(connection: asyncpg.Connection, organisation: str, successor: str, on: date) -> bool:
    """Whether a merger into the successor on the day, or the organisation's own succession, is still believed."""
    rows = await connection.fetch(_INTO, successor, on)
    return any(row["merger"] or row["code"] == organisation for row in rows)


async def _carry_out(connection: asyncpg.Connection, merger: Merger, *, by: str) -> list[Event]:
    ending = set(merger.predecessors) - {merger.successor}
    reason = f"{', '.join(sorted(ending))} merged into {merger.successor}"
    dissolution = Dissolution(ending, merger.effective_on, reason, merger.stated_at, merger.successor)
    told = await dissolve(connection, dissolution, by=by)
    kind = (await known.status(connection, merger.successor, as_at=merger.effective_on)).kind
    catalogue = catalogue_on(merger.effective_on, kind=kind)
    left = await _posts_left(connection, merger)
    carried = carry_over(left, required=catalogue.mandatory)
    return told + await _establish(connection, merger, carried, catalogue.pack, by=by)


async def _posts_left(connection: asyncpg.Connection, merger: Merger) -> dict[str, list[PredecessorPost] | None]:
    """Return the posts of each predecessor on its last day; None where no body of it is known."""
    left: dict[str, list[PredecessorPost] | None] = dict.fromkeys(merger.predecessors)
    for row in await connection.fetch(_LAST_DAY_POSTS, list(merger.predecessors), merger.effective_on):
        posts = left[row["organisation"]] or []
        if row["slug"] is not None:
            posts.append(PredecessorPost(row["slug"], row["title"], row["person_id"]))
        left[row["organisation"]] = posts
    return left


async def _establish(
    connection: asyncpg.Connection, merger: Merger, carried: Sequence[CarriedPost], pack: str | None, *, by: str
) -> list[Event]:
    """Give the successor its body and posts, unless it has them, and fill vacant ones. Nothing is taken away."""
    code = merger.successor
    await connection.execute(_NEW_BODY, body_reference(code), code, GOVERNING_BODY, pack)
    body = await connection.fetchrow("SELECT id, title FROM body WHERE organisation = $1 FOR UPDATE", code)
    slugs = [post.slug for post in carried]
    references = [post_reference(code, slug) for slug in slugs]
    await connection.execute(_NEW_POSTS, body["id"], references, slugs, [post.title for post in carried])
    rows = await connection.fetch("SELECT id, slug FROM post WHERE reference = ANY($1)", references)
    successor = _Successor(merger, body["id"], {row["slug"]: row["id"] for row in rows})

    begins = await _let_stand(connection, body_time, [successor.body_id], merger, by=by)
    told: list[Event] = [
        BodyEstablished(
            body=body_reference(code),
            organisation=code,
            title=body["title"],
            effective_on=merger.effective_on,
            stated_at=merger.stated_at,
        )
        for _ in begins
    ]
    new = await _let_stand(connection, post_time, successor.posts.values(), merger, by=by)
    told += await _fill(connection, successor, carried, by=by)
    vacant = [post for post in carried if post.person is None and successor.posts[post.slug] in new]
    return told + await _leave_vacant(connection, successor, vacant, by=by)


async def _let_stand(
    connection: asyncpg.Connection, timeline: Timeline, subjects: Collection[int], merger: Merger, *, by: str
) -> set[int]:
    """State that missing subjects exist from the merger, up to their first day; return them."""
    next_start = await _next_start(connection, timeline, Facet.STANDS, subjects, merger.effective_on)
    changes = [
        standing(subject, Days(merger.effective_on, next_start.get(subject, LAST_DAY)), merger.stated_at)
        for subject in subjects
        if next_start.get(subject) != merger.effective_on
    ]
    await state(connection, timeline, changes, by=by)
    return {change.subject_id for change in changes}


async def _fill(
    connection: asyncpg.Connection, successor: _Successor, carried: Sequence[CarriedPost], *, by: str
) -> list[Event]:
    """Appoint to each free post the person who held it in every predecessor, up to its next holder's first day."""
    merger = successor.merger
    held_from = await _next_start(connection, post_time, Facet.HOLDER, successor.posts.values(), merger.effective_on)
    made = {
        _carried_id(merger, post): post
        for post in carried
        if post.person is not None and held_from.get(successor.posts[post.slug]) != merger.effective_on
    }
    # The appointment of a merger that was undone and stated again exists already, with no day.
    await connection.execute(
        _NEW_APPOINTMENTS,
        list(made),
        [successor.posts[post.slug] for post in made.values()],
        [post.person for post in made.values()],
    )
    changes = [
        NewStatement(
            post_id, Facet.HOLDER, key, Days(merger.effective_on, held_from.get(post_id, LAST_DAY)), merger.stated_at
        )
        for key, post_id in ((key, successor.posts[post.slug]) for key, post in made.items())
    ]
    return [
        AppointmentMade(
            post=post_reference(merger.successor, post.slug),
            organisation=merger.successor,
            title=post.title,
            person=str(post.person),
            effective_on=merger.effective_on,
            stated_at=change.stated_at,
        )
        for post, change in zip(made.values(), await state(connection, post_time, changes, by=by), strict=True)
    ]


async def _leave_vacant(
    connection: asyncpg.Connection, successor: _Successor, vacant: Sequence[CarriedPost], *, by: str
) -> list[Event]:
    """State why each new post without a common holder is vacant."""
    merger = successor.merger
    changes = [
        NewStatement(
            successor.posts[post.slug], Facet.BECAUSE, post.vacant_because, Days(merger.effective_on), merger.stated_at
        )
        for post in vacant
    ]
    return [
        PostFellVacant(
            post=post_reference(merger.successor, post.slug),
            organisation=merger.successor,
            title=post.title,
            reason=post.vacant_because,
            effective_on=merger.effective_on,
            stated_at=change.stated_at,
        )
        for post, change in zip(vacant, await state(connection, post_time, changes, by=by), strict=True)
    ]


async def _next_start(
    connection: asyncpg.Connection, timeline: Timeline, facet: Facet, subjects: Collection[int], day: date
) -> dict[int, date]:
    """Return for each subject the first day, from `day`, on which it has a value, if any."""
    starts: dict[int, date] = {}
    for piece in await pieces_from(connection, timeline, facet, subjects, day):
        starts.setdefault(piece.subject_id, piece.days.start)
    return starts


def _carried_id(merger: Merger, post: CarriedPost) -> str:
    return f"A-{uuid.uuid5(_CARRIED, f'{merger.reference} {merger.successor}/{post.slug} {post.person}')}"
