"""Parked events: stored in order under all their keys until an operator resumes or discards them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.audit import record_write
from libs.common.database.connection import Database, raw
from libs.common.errors import Conflict, NotFound
from libs.common.events import Envelope
from libs.common.identity import Caller
from libs.common.messaging.intake import Parking, delivery_of, error_text
from libs.common.messaging.subscriptions import Subscriptions
from libs.common.process.faults import is_passing

ERROR_LENGTH = 2000


class ParkedEventNotFound(NotFound):
    """No such event is parked.

    It was tried again with success, or never parked. The list of parked events shows what waits.
    """


class NotFirstInQueue(Conflict):
    """An earlier parked event has to go first.

    Events about the same bodies are handled in their order. Try the earlier one that `detail` names.
    """


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """An event that was not applied: its position in the source's log, its keys, and the error."""

    id: int
    source: str
    position: int
    keys: tuple[str, ...]
    attempts: int
    error: str
    parked_at: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class Resumed:
    """Result of resuming parked events: the ids applied, and the ids still parked."""

    applied: tuple[int, ...]
    parked: tuple[int, ...]


_COLUMNS = "id, source, position, keys, attempts, error, parked_at, body"
# Consumer and operator change parked events under this lock: the consumer's compare-and-set takes it too.
_LOCK = "SELECT FROM consumer_offset WHERE source = $1 FOR UPDATE"


async def parked_keys(connection: asyncpg.Connection, source: str) -> set[str]:
    """Return every key under which an event of this source is parked."""
    rows = await connection.fetch("SELECT DISTINCT unnest(keys) AS key FROM parked WHERE source = $1", source)
    return {row["key"] for row in rows}


async def park(connection: asyncpg.Connection, source: str, parking: Sequence[Parking]) -> None:
    """Park these events, in the transaction that moves the consumer past them."""
    await connection.executemany(
        "INSERT INTO parked (source, position, keys, attempts, error, body) VALUES ($1, $2, $3, $4, $5, $6)",
        [
            (source, each.step.position, sorted(each.step.keys), each.attempts, _short(each.error), each.step.body)
            for each in parking
        ],
    )


async def list_parked(
    database: Database, *, source: str | None = None, after: int = 0, limit: int = 500
) -> list[ParkedEvent]:
    """Return parked events by id, of one source or of all."""
    rows = await database.fetch(
        f"SELECT {_COLUMNS} FROM parked WHERE ($1::text IS NULL OR source = $1) AND id > $2 ORDER BY id LIMIT $3",  # noqa: S608
        source,
        after,
        limit,
    )
    return [_parked(row) for row in rows]


async def resume(session: AsyncSession, subscriptions: Subscriptions, parked_id: int) -> Resumed:
    """Retry one parked event; if it fails again it stays parked, with one more attempt.

    Raises ParkedEventNotFound, and NotFirstInQueue if an earlier parked event shares a key.
    """
    event = await _get_to_change(session, parked_id)
    connection = await raw(session)
    earlier = await connection.fetchrow(
        "SELECT id, position FROM parked WHERE source = $1 AND position < $2 AND keys && $3 ORDER BY position LIMIT 1",
        event.source,
        event.position,
        list(event.keys),
    )
    if earlier is not None:
        raise NotFirstInQueue(f"parked event {earlier['id']} (position {earlier['position']}) must be resumed first")
    return await _try_again(session, subscriptions, [event])


async def resume_key(session: AsyncSession, subscriptions: Subscriptions, source: str, key: str) -> Resumed:
    """Retry, in order, all events parked under this key and all events linked to them through other keys.

    An event that fails again stays parked and blocks those that share a key with it. Raises ParkedEventNotFound.
    """
    connection = await raw(session)
    await connection.execute(_LOCK, source)
    rows = await connection.fetch(f"SELECT {_COLUMNS} FROM parked WHERE source = $1 ORDER BY position", source)  # noqa: S608
    queue = _connected([_parked(row) for row in rows], key)
    if not queue:
        raise ParkedEventNotFound(f"nothing of {source} is parked under {key}")
    return await _try_again(session, subscriptions, queue)


async def discard(session: AsyncSession, parked_id: int, *, by: Caller, reason: str) -> ParkedEvent:
    """Delete a parked event, so that it is never applied; record the caller and the reason.

    Raises ParkedEventNotFound.
    """
    event = await _get_to_change(session, parked_id)
    connection = await raw(session)
    await connection.execute("DELETE FROM parked WHERE id = $1", parked_id)
    await record_write(session, by, f"discard event {event.position} of {event.source}: {reason}")
    return event


async def _get_to_change(session: AsyncSession, parked_id: int) -> ParkedEvent:
    connection = await raw(session)
    find = f"SELECT {_COLUMNS} FROM parked WHERE id = $1"  # noqa: S608
    row = await connection.fetchrow(find, parked_id)
    if row is not None:
        await connection.execute(_LOCK, row["source"])
        row = await connection.fetchrow(find, parked_id)
    if row is None:
        raise ParkedEventNotFound(f"no parked event {parked_id}")
    return _parked(row)


async def _try_again(session: AsyncSession, subscriptions: Subscriptions, queue: Sequence[ParkedEvent]) -> Resumed:
    connection = await raw(session)
    blocked: set[str] = set()
    applied, parked = [], []
    for event in queue:
        if blocked.isdisjoint(event.keys):
            error = await _attempt(session, subscriptions, event)
            if error is None:
                await connection.execute("DELETE FROM parked WHERE id = $1", event.id)
                applied.append(event.id)
                continue
            await connection.execute(
                "UPDATE parked SET attempts = attempts + 1, error = $2 WHERE id = $1", event.id, _short(error)
            )
        blocked.update(event.keys)
        parked.append(event.id)
    return Resumed(tuple(applied), tuple(parked))


async def _attempt(session: AsyncSession, subscriptions: Subscriptions, event: ParkedEvent) -> str | None:
    """Apply the event in a savepoint; return the error's text, or None. A transient fault is raised, not returned."""
    try:
        delivery = delivery_of(Envelope.decode(event.body), subscriptions.names)
        if delivery is not None:
            async with session.begin_nested():
                await subscriptions.deliver([delivery], session)
    except Exception as error:
        if is_passing(error):
            raise
        return error_text(error)
    return None


def _connected(events: Sequence[ParkedEvent], key: str) -> list[ParkedEvent]:
    keys, found = {key}, -1
    linked: list[ParkedEvent] = []
    while len(linked) > found:
        found = len(linked)
        linked = [event for event in events if not keys.isdisjoint(event.keys)]
        keys.update(*(event.keys for event in linked))
    return linked


def _short(error: str) -> str:
    return error[:ERROR_LENGTH].replace("\x00", "")


def _parked(row: asyncpg.Record) -> ParkedEvent:
    return ParkedEvent(**{**dict(row), "keys": tuple(row["keys"])})
