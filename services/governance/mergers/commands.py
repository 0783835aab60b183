"""Carries out mergers: the predecessors' bodies end, and the successor's begin with their common holders.

The successor has the body that leads it, and each committee or panel that every predecessor had. The bodies of an
organisation that an existing one took over only end. An undoing is recorded by statements. Carrying a
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
from libs.common.temporal.believed import NOW, about, as_known
from libs.common.temporal.history import LAST_DAY, Days
from libs.common.temporal.timeline import NewStatement, Timeline
from libs.organisations import statements
from libs.organisations.mergers import Merger, mergers_following
from services.governance.bodies.commands import body_reference
from services.governance.core.catalogue import catalogue_on
from services.governance.core.models import BodyKind, Facet, body_time, known, post_time, right_time
from services.governance.lifetimes.dissolution import Dissolution, Dissolved, dissolve
from services.governance.lifetimes.restoration import UndoneEnd, restore
from services.governance.lifetimes.standing import pieces_from, standing, state
from services.governance.mergers.predecessors import above, bodies_left
from services.governance.mergers.rules import CarriedPost, carry_over
from services.governance.mergers.to_remake import settle_findings

_CARRIED = uuid.UUID("6f6b1c1e-5d0a-4f0e-9d33-0f7a1c2b9e10")
"""The namespace of the ids of appointments by mergers: one id for each, however often the event is consumed."""

_CLOSED_FROM = f"""
SELECT min(lower(b.valid))
  FROM known_organisation o JOIN known_organisation_belief b ON b.subject_id = o.id
 WHERE o.code = $1 AND {about("b", statements.Facet.LIFE)} AND b.value = 'closed' AND {as_known("b", NOW)}
   AND lower(b.valid) > $2
"""  # noqa: S608
_BEGUN_ON = f"""
SELECT min(lower(t.valid)) = $2::date FROM body b JOIN body_time_belief t ON t.subject_id = b.id
 WHERE b.organisation = $1 AND {about("t", Facet.STANDS)} AND {as_known("t", NOW)}
"""  # noqa: S608
_INTO = f"""
SELECT code, merger FROM known_succession s WHERE successor = $1 AND effective_on = $2 AND {as_known("s", NOW)}
"""  # noqa: S608
_NEW_BODY = """
INSERT INTO body (reference, organisation, title, pack, kind, within_id) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT DO NOTHING
"""
_LEADING = "SELECT id, reference, title, kind FROM body WHERE organisation = $1 AND within_id IS NULL FOR UPDATE"
_WITHIN = """
SELECT b.id, b.reference, b.title, b.kind, w.reference AS within
  FROM body b JOIN body w ON w.id = b.within_id WHERE b.reference = $1 FOR UPDATE OF b
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
    """A body of the successor, locked, with its present posts, slug to id, and what goes before a post's slug."""

    merger: Merger
    body_id: int
    prefix: str
    posts: Mapping[str, int]


async def carry_out_successions(session: AsyncSession, codes: Collection[str], *, on: date, by: Caller) -> bool:
    """End the bodies of predecessors from a day, and begin those of new successors.

    Later mergers are brought up to date. Returns whether anything changed.
    """
    connection = await raw(session)
    mergers = await mergers_following(connection, known.successions, codes, after=on - timedelta(days=1))
    await known.lock(connection, {code for one in mergers for code in (one.successor, *one.predecessors)})
    done = Dissolved([], changed=False)
    for one in mergers:
        done += await dissolve(connection, _dissolution_by(one), by=by.subject)
        if one.reference:
            done += await _begin(connection, one, by=by.subject)
        passed_on = await connection.fetch(_REMADE_FOR, sorted(_ending(one)), one.successor)
        waits = [
            NewStatement(row["id"], Facet.TO_REMAKE, one.successor, Days(one.effective_on), one.stated_at)
            for row in passed_on
        ]
        await state(connection, right_time, waits, by=by.subject)
        done += Dissolved([], changed=bool(passed_on))
    for one in mergers:
        if one.reference and one.effective_on == on:
            done += await _close(connection, one.successor, on, one.stated_at, by=by.subject)
    await outbox.add_all(session, done.events)
    if done.changed:
        stated_at = max((one.stated_at for one in mergers if one.effective_on == on), default=mergers[-1].stated_at)
        await settle_findings(session, on=on, stated_at=stated_at)
    return done.changed


async def follow_organisation(
    session: AsyncSession, organisation: str, *, on: date, stated_at: datetime, by: Caller, undone: str = ""
) -> bool:
    """End or restore a body from a day, as its organisation is believed to be on it, in any order of events.

    Taken over whole: the body ends, and its rights wait for the successor. Closed otherwise: it ends. Open: it is
    restored if it ended on that day with its organisation. `undone` is the successor of an undone succession: a body
    that began with it on that day ends, unless a merger into it is still believed. Appointments to a successor's
    earlier body stay: those who decide for it end them. Returns whether anything changed.
    """
    connection = await raw(session)
    await known.lock(connection, {organisation, undone} - {""})
    done = Dissolved([], changed=False)
    if undone and not await _receives_on(connection, organisation, undone, on):
        done += await _never_begun(connection, undone, on, stated_at, by=by.subject)
    status = (await known.status(connection, organisation, as_at=on)).status
    taken_over = await _is_taken_over(connection, organisation, on)
    again: list[Event] = []
    if status == "closed" and not taken_over:
        closure = Dissolution([organisation], on, f"{organisation} closed", stated_at)
        done += await dissolve(connection, closure, by=by.subject)
    elif status == "open" and not taken_over:
        again = await restore(connection, organisation, UndoneEnd(on, stated_at), by=by.subject)
        done += Dissolved(again, changed=bool(again))
    await outbox.add_all(session, done.events)
    if done.changed:
        await settle_findings(session, on=on, stated_at=stated_at)
    if not taken_over and not again:
        return done.changed
    carried_out = await carry_out_successions(session, [organisation], on=on, by=by)
    closed = await _close(connection, organisation, on, stated_at, by=by.subject)
    await outbox.add_all(session, closed.events)
    return done.changed or carried_out or closed.changed


async def _never_begun(
    connection: asyncpg.Connection, organisation: str, on: date, stated_at: datetime, *, by: str
) -> Dissolved:
    """End the body, if it began on a day with a merger that is no longer believed."""
    if not await connection.fetchval(_BEGUN_ON, organisation, on):
        return Dissolved([], changed=False)
    reason = f"no body was merged into {organisation} on {on.isoformat()}"
    return await dissolve(connection, Dissolution([organisation], on, reason, stated_at), by=by)


async def _is_taken_over(connection: asyncpg.Connection, organisation: str, on: date) -> bool:
    """Whether a whole succession of the organisation is believed of the day."""
    following = await mergers_following(connection, known.successions, [organisation], after=on - timedelta(days=1))
    return any(one.effective_on == on and organisation in _ending(one) for one in following)


def _ending(merger: Merger) -> set[str]:
    return set(merger.predecessors) - {merger.successor}


def _dissolution_by(merger: Merger) -> Dissolution:
    """Return the end of the predecessors' bodies; their rights wait to be made again for the successor."""
    ending = _ending(merger)
    gone = ", ".join(sorted(ending))
    reason = f"{gone} merged into {merger.successor}" if merger.reference else f"{merger.successor} took over {gone}"
    return Dissolution(ending, merger.effective_on, reason, merger.stated_at, merger.successor)


async def _close(
    connection: asyncpg.Connection, organisation: str, after: date, stated_at: datetime, *, by: str
) -> Dissolved:
    """End the body where, after a late event, its organisation is closed from a later day without a merger."""
    closed_from: date | None = await connection.fetchval(_CLOSED_FROM, organisation, after)
    if closed_from is None or await _is_taken_over(connection, organisation, closed_from):
        return Dissolved([], changed=False)
    closure = Dissolution([organisation], closed_from, f"{organisation} closed", stated_at)
    return await dissolve(connection, closure, by=by)


async def _receives_on(connection: asyncpg.Connection, organisation: str, successor: str, on: date) -> bool:
    """Whether a merger into the successor on the day, or the organisation's own succession, is still believed."""
    rows = await connection.fetch(_INTO, successor, on)
    return any(row["merger"] or row["code"] == organisation for row in rows)


async def _begin(connection: asyncpg.Connection, merger: Merger, *, by: str) -> Dissolved:
    """Let the successor's bodies begin, with what all predecessors shared on their last day."""
    code = merger.successor
    kind = (await known.status(connection, code, as_at=merger.effective_on)).kind
    catalogue = catalogue_on(merger.effective_on, kind=kind)
    leading, *others = await bodies_left(connection, merger.predecessors, merger.effective_on)
    reference = body_reference(code, BodyKind(leading.kind))
    await connection.execute(_NEW_BODY, reference, code, leading.title, catalogue.pack, leading.kind, None)
    body = await connection.fetchrow(_LEADING, code)
    required = catalogue.mandatory
    events = await _establish(connection, merger, body, carry_over(leading.posts, required=required), by=by)
    begun = {"": body}
    for left in others:
        reference = body_reference(code, BodyKind(left.kind), left.title)
        outer = begun[above(left, begun)]
        await connection.execute(_NEW_BODY, reference, code, left.title, None, left.kind, outer["id"])
        begun[left.slug] = await connection.fetchrow(_WITHIN, reference)
        carried = carry_over(left.posts)
        events += await _establish(
            connection, merger, begun[left.slug], carried, by=by, within=begun[left.slug]["within"]
        )
    return Dissolved(events, changed=bool(events))


async def _establish(
    connection: asyncpg.Connection,
    merger: Merger,
    body: asyncpg.Record,
    carried: Sequence[CarriedPost],
    *,
    by: str,
    within: str = "",
) -> list[Event]:
    """Give the successor's body its posts, unless it has them, and fill vacant ones. Nothing is taken away."""
    code = merger.successor
    prefix = body["reference"] if within else code
    slugs = [post.slug for post in carried]
    references = [f"{prefix}/{slug}" for slug in slugs]
    await connection.execute(_NEW_POSTS, body["id"], references, slugs, [post.title for post in carried])
    rows = await connection.fetch("SELECT id, slug FROM post WHERE reference = ANY($1)", references)
    successor = _Successor(merger, body["id"], prefix, {row["slug"]: row["id"] for row in rows})

    begins = await _let_stand(connection, body_time, [successor.body_id], merger, by=by)
    told: list[Event] = [
        BodyEstablished(
            body=body["reference"],
            organisation=code,
            title=body["title"],
            kind=body["kind"],
            members=(code,),
            within=within,
            effective_on=merger.effective_on,
            stated_at=merger.stated_at,
        )
        for _ in begins
    ]
    new = await _let_stand(connection, post_time, successor.posts.values(), merger, by=by)
    seats = [
        NewStatement(successor.posts[post.slug], Facet.SEAT, post.seat, Days(merger.effective_on), merger.stated_at)
        for post in carried
        if post.seat is not None and successor.posts[post.slug] in new
    ]
    await state(connection, post_time, seats, by=by)
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
    """Appoint to each free post the person who held it in every predecessor, up to its next holder or its own end."""
    merger = successor.merger
    held_from = await _next_start(connection, post_time, Facet.HOLDER, successor.posts.values(), merger.effective_on)
    stands_to: dict[int, date] = {}
    for piece in await pieces_from(connection, post_time, Facet.STANDS, successor.posts.values(), merger.effective_on):
        stands_to.setdefault(piece.subject_id, piece.days.end)
    made = {
        _carried_id(successor, post): post
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
            post_id,
            Facet.HOLDER,
            key,
            Days(merger.effective_on, min(held_from.get(post_id, LAST_DAY), stands_to.get(post_id, LAST_DAY))),
            merger.stated_at,
        )
        for key, post_id in ((key, successor.posts[post.slug]) for key, post in made.items())
    ]
    return [
        AppointmentMade(
            post=f"{successor.prefix}/{post.slug}",
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
            post=f"{successor.prefix}/{post.slug}",
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


def _carried_id(successor: _Successor, post: CarriedPost) -> str:
    named = f"{successor.merger.reference} {successor.prefix}/{post.slug} {post.person}"
    return f"A-{uuid.uuid5(_CARRIED, named)}"
