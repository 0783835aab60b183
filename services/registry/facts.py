"""Stating facts: what an event says is kept on the registry's own timeline, and told, in one transaction.

The registry states of itself exactly what its hearers derive (`libs.common.known.statements_of`), so that every copy of
it agrees with it at each point of both times.
"""

from collections.abc import Iterable, Mapping, Sequence

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common import outbox
from libs.common.database import raw
from libs.common.events import Event
from libs.common.known import statements_of, successions_of
from libs.common.timeline import NewStatement
from services.registry.errors import CodeTaken
from services.registry.kinds import Kind
from services.registry.models import timeline

COMMAND = "command"
"""The source of what a caller of the API stated."""

_INTRODUCE = """
INSERT INTO organisation (code, kind, version)
SELECT c, k, 1 FROM unnest($1::text[], $2::text[]) AS new (c, k) ORDER BY c
    ON CONFLICT (code) DO NOTHING
RETURNING code
"""

_SUCCEED = """
INSERT INTO succession (code, successor, effective_on, stated_at, merger, source)
SELECT c, s, e, min(t), max(m), $6
  FROM unnest($1::text[], $2::text[], $3::date[], $4::timestamptz[], $5::text[]) AS new (c, s, e, t, m)
 GROUP BY c, s, e
    ON CONFLICT (code, successor, effective_on) DO UPDATE
   SET merger = coalesce(succession.merger, excluded.merger),
       stated_at = least(succession.stated_at, excluded.stated_at)
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


async def introduce(session: AsyncSession, kinds: Mapping[str, Kind]) -> None:
    """Give these new codes to bodies of these kinds. Raises CodeTaken where another transaction was first."""
    made = await introduce_missing(await raw(session), kinds)
    taken = sorted(set(kinds) - made)
    if taken:
        raise CodeTaken(f"taken a moment ago: {', '.join(taken)}")


async def introduce_missing(connection: asyncpg.Connection, kinds: Mapping[str, Kind]) -> set[str]:
    """Give those of the codes that are new to bodies of these kinds; return which they were."""
    if not kinds:
        return set()
    rows = await connection.fetch(_INTRODUCE, list(kinds), [kind.value for kind in kinds.values()])
    return {row["code"] for row in rows}


async def tell(session: AsyncSession, events: Sequence[Event], *, source: str, by: str) -> None:
    """State what the events say of organisations that exist, and tell them. The last step of a command."""
    await session.flush()
    connection = await raw(session)
    codes = {statement.code for event in events for statement in statements_of(event)}
    ids = await ids_of(connection, codes)
    await timeline.state(connection, new_statements(events, ids), source=source, by=by)
    await note_successions(connection, events, source=source)
    await outbox.add_all(session, events)


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
        NewStatement(ids[said.code], said.facet, said.value, said.days, event.stated_at, said.fills_before)
        for event in events
        for said in statements_of(event)
    ]


async def ids_of(connection: asyncpg.Connection, codes: Iterable[str]) -> dict[str, int]:
    """Return the ids of those of the codes that exist."""
    rows = await connection.fetch("SELECT code, id FROM organisation WHERE code = ANY($1)", sorted(codes))
    return {row["code"]: row["id"] for row in rows}


async def note_successions(connection: asyncpg.Connection, events: Iterable[Event], *, source: str) -> None:
    """Keep who followed whom."""
    rows = [
        (code, successor, event.effective_on, event.stated_at, merger)
        for event in events
        for code, successor, merger in successions_of(event)
    ]
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        await connection.execute(_SUCCEED, *columns, source)
