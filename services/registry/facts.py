"""Stating facts: what an event says is kept on the registry's own timelines, and told, in one transaction.

The registry states of itself exactly what its hearers derive (`libs.common.stated`), so that every copy of it agrees
with it at each point of both times.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common import outbox
from libs.common.database import raw
from libs.common.events import Event
from libs.common.events.registry import AreasAssigned
from libs.common.stated import statements_of, successions_of
from libs.common.temporal import Days
from libs.common.timeline import NewStatement
from services.registry.errors import CodeTaken
from services.registry.models import area_time, tie_time, timeline
from services.registry.successions import followed_in, state_successions
from services.registry.ties import tie_statements_of

COMMAND = "command"
"""The source of what a caller of the API stated."""

ONE_FACET = 1
"""Of a tie, and of an area: who covers it."""

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
INSERT INTO area (code) SELECT DISTINCT c FROM unnest($1::text[]) AS new (c) ORDER BY c
    ON CONFLICT (code) DO UPDATE SET code = excluded.code
RETURNING code, id
"""

# Every statement of the registry's holds from its day on, so that the first day tells the range.
_UNSAID = """
SELECT DISTINCT number
  FROM unnest($1::int[], $2::int[], $3::smallint[], $4::text[], $5::date[], $6::timestamptz[], $7::bool[])
       AS said (number, subject, facet, value, start, stated_at, fills_before)
 WHERE NOT EXISTS (
       SELECT 1 FROM organisation_statement held
        WHERE held.subject_id = said.subject AND held.facet = said.facet AND held.valid = daterange(said.start, NULL)
          AND held.stated_at = said.stated_at AND held.value = said.value AND held.fills_before = said.fills_before)
"""

_UNFOLLOWED = """
SELECT DISTINCT number FROM unnest($1::int[], $2::text[], $3::text[], $4::date[]) AS said (number, code, successor, day)
 WHERE NOT EXISTS (SELECT 1 FROM succession held
                    WHERE held.code = said.code AND held.successor = said.successor AND held.effective_on = said.day)
"""


async def introduce(session: AsyncSession, codes: Collection[str]) -> None:
    """Give these new codes to bodies. Raises CodeTaken where another transaction was first."""
    made = await introduce_missing(await raw(session), codes)
    taken = sorted(set(codes) - made)
    if taken:
        raise CodeTaken(f"taken a moment ago: {', '.join(taken)}")


async def introduce_missing(connection: asyncpg.Connection, codes: Collection[str]) -> set[str]:
    """Give those of the codes that are new to bodies; return which they were."""
    rows = await connection.fetch(_INTRODUCE, sorted(set(codes)))
    return {row["code"] for row in rows}


async def tell(session: AsyncSession, events: Sequence[Event], *, source: str, by: str) -> None:
    """State what the events say of organisations that exist, and tell them. The last step of a command."""
    await session.flush()
    connection = await raw(session)
    codes = {statement.code for event in events for statement in statements_of(event)}
    ids = await ids_of(connection, codes)
    await timeline.state(connection, new_statements(events, ids), source=source, by=by)
    await _tie(connection, events, source=source, by=by)
    await _cover(connection, events, source=source, by=by)
    words = [word for event in events for word in followed_in(event, source)]
    await state_successions(connection, words, by=by)
    await outbox.add_all(session, events)


async def _tie(connection: asyncpg.Connection, events: Sequence[Event], *, source: str, by: str) -> None:
    said = [(event.stated_at, one) for event in events for one in tie_statements_of(event)]
    if not said:
        return
    keys = [[one.code for _, one in said], [one.sort for _, one in said], [one.other for _, one in said]]
    ids = {(row["code"], row["sort"], row["other"]): row["id"] for row in await connection.fetch(_TIES, *keys)}
    statements = [
        NewStatement(ids[one.code, one.sort, one.other], ONE_FACET, one.value, one.days, at, rank=one.rank)
        for at, one in said
    ]
    await tie_time.state(connection, statements, source=source, by=by)


async def _cover(connection: asyncpg.Connection, events: Sequence[Event], *, source: str, by: str) -> None:
    assigned = [event for event in events if isinstance(event, AreasAssigned)]
    if not assigned:
        return
    codes = sorted({area for event in assigned for area in event.areas})
    ids = {row["code"]: row["id"] for row in await connection.fetch(_AREAS, codes)}
    statements = [
        NewStatement(ids[area], ONE_FACET, event.code, Days(event.effective_on), event.stated_at, rank=event.rank)
        for event in assigned
        for area in event.areas
    ]
    await area_time.state(connection, statements, source=source, by=by)


async def only_new(connection: asyncpg.Connection, events: Sequence[Event]) -> list[Event]:
    """Return those of the events that say something which was not stated before, word for word."""
    ids = await ids_of(connection, {statement.code for event in events for statement in statements_of(event)})
    said = [(number, one) for number, event in enumerate(events) for one in new_statements([event], ids)]
    rows = await connection.fetch(
        _UNSAID,
        [number for number, _ in said],
        [one.subject_id for _, one in said],
        [one.facet for _, one in said],
        [one.value for _, one in said],
        [one.days.start for _, one in said],
        [one.stated_at for _, one in said],
        [one.fills_before for _, one in said],
    )
    new = {row["number"] for row in rows}
    followed = [
        (number, code, successor, event.effective_on)
        for number, event in enumerate(events)
        for code, successor, _ in successions_of(event)
    ]
    columns = [list(column) for column in zip(*followed, strict=True)] or [[], [], [], []]
    new |= {row["number"] for row in await connection.fetch(_UNFOLLOWED, *columns)}
    return [event for number, event in enumerate(events) if number in new]


def new_statements(events: Iterable[Event], ids: Mapping[str, int]) -> list[NewStatement]:
    """Return what the events say, in their order, about subjects by id."""
    return [
        NewStatement(ids[said.code], said.facet, said.value, said.days, event.stated_at, said.fills_before, said.rank)
        for event in events
        for said in statements_of(event)
    ]


async def ids_of(connection: asyncpg.Connection, codes: Iterable[str]) -> dict[str, int]:
    """Return the ids of those of the codes that exist."""
    rows = await connection.fetch("SELECT code, id FROM organisation WHERE code = ANY($1)", sorted(codes))
    return {row["code"]: row["id"] for row in rows}
