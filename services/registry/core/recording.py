"""Records what events state on the registry's own timelines, and publishes them, in one transaction.

The registry records exactly what its consumers derive from the events (`libs.organisations.statements`), so that every
copy agrees with it at each point of both times.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events import Event
from libs.common.events.registry import (
    AreasAssigned,
    OrganisationClosed,
    OrganisationOpened,
    OrganisationParentChanged,
    OrganisationProposed,
    OrganisationRenamed,
)
from libs.common.messaging import outbox
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from libs.organisations.statements import ABOVE, Facet, OrganisationStatement, statements_of
from libs.organisations.successions import COMMAND as COMMAND  # the source of what a caller of the API stated
from libs.organisations.successions import statements_in
from services.registry.core.codes import ByCode
from services.registry.core.errors import CodeTaken
from services.registry.core.links import Relation, link_statements_of
from services.registry.core.models import area_time, successions, tie_time, timeline
from services.registry.core.populations import state_populations
from services.registry.core.settlement import FOLLOWING, Touched, first_dated, settle
from services.registry.core.settlement import ONE_FACET as ONE_FACET

_NOTHING_MORE = frozenset(
    {OrganisationProposed, OrganisationOpened, OrganisationRenamed, OrganisationClosed, OrganisationParentChanged}
)
"""Events that state nothing beside what `statements_of` gives."""

_RELATIONS = frozenset(Relation)
"""The types of links between bodies; the others are roles, and codes of other systems."""

_INTRODUCE = """
INSERT INTO organisation (code, version) SELECT c, 1 FROM unnest($1::text[]) AS new (c) ORDER BY c
    ON CONFLICT (code) DO NOTHING
RETURNING code
"""

_TIES = """
INSERT INTO tie (code, sort, other)
SELECT DISTINCT c, s, o FROM unnest($1::text[], $2::text[], $3::text[]) AS new (c, s, o) ORDER BY c, s, o
    ON CONFLICT (code, sort, other) DO UPDATE SET other = excluded.other
RETURNING code, sort, other, id
"""

_AREAS = """
INSERT INTO area (code, local_authority)
SELECT c, max(l) FROM unnest($1::text[], $2::text[]) AS new (c, l) GROUP BY c ORDER BY c
    ON CONFLICT (code) DO UPDATE SET local_authority = coalesce(excluded.local_authority, area.local_authority)
RETURNING code, id
"""


async def introduce(session: AsyncSession, codes: Collection[str]) -> None:
    """Insert bodies for these new codes. Raises CodeTaken where another transaction was first."""
    made = await introduce_missing(await raw(session), codes)
    taken = sorted(set(codes) - made)
    if taken:
        raise CodeTaken(f"taken by another request just now: {', '.join(taken)}")


async def introduce_missing(connection: asyncpg.Connection, codes: Collection[str]) -> set[str]:
    """Insert bodies for those of the codes that are new; return the new codes."""
    rows = await connection.fetch(_INTRODUCE, sorted(set(codes)))
    return {row["code"] for row in rows}


async def record(session: AsyncSession, events: Sequence[Event], *, source: str, by: str) -> None:
    """Record what the events state of organisations that exist, and publish them."""
    await session.flush()
    if not events:
        return
    await _state(await raw(session), events, source=source, by=by)
    await outbox.add_all(session, events)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The events that stated something new, and the number of new statements about each body: the same in any order."""

    events: list[Event]
    changes: Counter[str]


async def record_new(session: AsyncSession, events: Sequence[Event], *, by: str) -> Recorded:
    """Record what the events state, each by its own source, and publish those that state something new."""
    await session.flush()
    connection = await raw(session)
    async with asyncio.TaskGroup() as at_once:
        stating = at_once.create_task(_state(connection, events, source="", by=by))
        writing = at_once.create_task(outbox.rows_of(events))
    new, changes = stating.result()
    places, rows = sorted(new), writing.result()
    if places:
        await outbox.add_rows(session, [rows[place] for place in places])
    return Recorded([events[place] for place in places], changes)


async def _state(
    connection: asyncpg.Connection, events: Sequence[Event], *, source: str, by: str
) -> tuple[set[int], Counter[str]]:
    """Record what the events state; return the indexes of those with something new, and the number of it by body."""
    said = [(place, event, one) for place, event in enumerate(events) for one in statements_of(event)]
    ids = await ids_of(connection, {one.code for *_, one in said})
    statements = [_about(ids[one.code], event, one) for _, event, one in said]
    stated = await timeline.state(connection, statements, source=source, by=by, later=ABOVE)
    codes = {number: code for code, number in ids.items()}
    lives = {codes[subject] for subject, facet in stated.changed if facet == Facet.LIFE}
    lives |= await first_dated(connection, (statements[number] for number in stated.new))
    touched = Touched(
        relations=stated.pending,
        lives=lives,
        stated={(statements[number].subject_id, statements[number].facet) for number in stated.new},
    )
    changes = Counter(said[number][2].code for number in stated.new)
    new = {said[number][0] for number in stated.new}
    rest = [(place, event) for place, event in enumerate(events) if type(event) not in _NOTHING_MORE]
    for place in await _state_others(connection, [event for _, event in rest], touched, source=source, by=by):
        new.add(rest[place][0])
        changes[getattr(rest[place][1], "code", "")] += 1
    about = [(place, one) for place, event in rest for one in statements_in(event, source)]
    followed = await successions.state(connection, [one for _, one in about], by=by)
    changes.update(code for one in followed for code in {one.code, one.successor})
    touched.followed.update(one.code for one in followed)
    await settle(connection, touched)
    for follows in FOLLOWING:
        await follows(connection, touched)
    return new | {place for place, one in about if one in followed}, changes


async def _state_others(
    connection: asyncpg.Connection, events: Sequence[Event], touched: Touched, *, source: str, by: str
) -> set[int]:
    """Record what the events state of links, areas and populations; return the indexes of those with something new."""
    new = await _tie(connection, events, touched, source=source, by=by)
    new |= await _cover(connection, events, source=source, by=by)
    return new | await state_populations(connection, events, source=source, by=by)


async def _tie(
    connection: asyncpg.Connection, events: Sequence[Event], touched: Touched, *, source: str, by: str
) -> set[int]:
    said = [(place, event, one) for place, event in enumerate(events) for one in link_statements_of(event)]
    if not said:
        return set()
    keys = [[one.code for *_, one in said], [one.sort for *_, one in said], [one.other for *_, one in said]]
    ids = {(row["code"], row["sort"], row["other"]): row["id"] for row in await connection.fetch(_TIES, *keys)}
    new: set[int] = set()
    for between_bodies in (True, False):
        some = [(place, event, one) for place, event, one in said if (one.sort in _RELATIONS) is between_bodies]
        statements = [
            NewStatement(
                ids[one.code, one.sort, one.other],
                ONE_FACET,
                one.value,
                one.days,
                event.stated_at,
                rank=one.rank,
                source=_source(event, ""),
            )
            for _, event, one in some
        ]
        later = (ONE_FACET,) if between_bodies else ()
        stated = await tie_time.state(connection, statements, source=source, by=by, later=later)
        touched.ties.update(subject for subject, _ in stated.pending)
        new.update(some[number][0] for number in stated.new)
    return new


async def _cover(connection: asyncpg.Connection, events: Sequence[Event], *, source: str, by: str) -> set[int]:
    assigned = [(place, event) for place, event in enumerate(events) if isinstance(event, AreasAssigned)]
    if not assigned:
        return set()
    where = [(area, event.local_authority or None) for _, event in assigned for area in event.areas]
    rows = await connection.fetch(_AREAS, [area for area, _ in where], [authority for _, authority in where])
    ids = {row["code"]: row["id"] for row in rows}
    said = [(place, event, area) for place, event in assigned for area in event.areas]
    statements = [
        NewStatement(
            ids[area],
            ONE_FACET,
            event.code,
            Days(event.effective_on),
            event.stated_at,
            rank=event.rank,
            source=event.source,
        )
        for _, event, area in said
    ]
    stated = await area_time.state(connection, statements, source=source, by=by)
    return {said[number][0] for number in stated.new}


def _source(event: Event, otherwise: str) -> str:
    """Return the source that an event names, where it names one."""
    return getattr(event, "source", "") or otherwise


def codes_of(events: Iterable[Event]) -> set[str]:
    """Return the codes of all the organisations that the events name."""
    codes: set[str] = set()
    for event in events:
        for name in event.key_fields:
            if name != "merger":
                value = getattr(event, name)
                codes.update([value] if isinstance(value, str) else value)
    return codes - {""}


def _about(subject: int, event: Event, said: OrganisationStatement) -> NewStatement:
    return NewStatement(
        subject,
        said.facet,
        said.value,
        said.days,
        event.stated_at,
        said.fills_before,
        said.rank,
        _source(event, ""),
    )


async def ids_of(connection: asyncpg.Connection, codes: Iterable[str]) -> ByCode[int]:
    """Return the ids of those of the codes that exist."""
    rows = await connection.fetch("SELECT code, id FROM organisation WHERE code = ANY($1)", sorted(codes))
    return {row["code"]: row["id"] for row in rows}
