"""Parked events: kept in order under all their keys until an operator has them tried again, or discards them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.audit import record_write
from libs.common.database.connection import Database, raw
from libs.common.errors import Conflict, NotFound
from libs.common.events import Envelope, Undecodable
from libs.common.identity import Caller
from libs.common.messaging.intake import Parking, delivery_of
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
    """An event that was not applied: where it stands in its source's log, what it concerns, and what went wrong."""

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
    """What became of parked events that were tried again: those applied, and those that stay parked."""

    applied: tuple[int, ...]
    parked: tuple[int, ...]


_COLUMNS = "id, source, position, keys, attempts, error, parked_at, body"
# The lock under which consumer and operator change what is parked: the consumer's compare-and-set takes it too.
_LOCK = "SELECT FROM consumer_offset WHERE source = $1 FOR UPDATE"


async def parked_keys(connection: asyncpg.Connection, source: str) -> set[str]:
    """Return every key under which an event of this source is parked."""
    rows = await connection.fetch("SELECT DISTINCT unnest(keys) AS key FROM parked WHERE source = $1", source)
    return {row["key"] for row in rows}


async def park(connection: asyncpg.Connection, source: str, parking: Sequence[Parking]) -> None:
    """Park these, in the transaction that moves the consumer past them."""
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
    """Return what is parked, by id: of one source or of all."""
    rows = await database.fetch(
        f"SELECT {_COLUMNS} FROM parked WHERE ($1::text IS NULL OR source = $1) AND id > $2 ORDER BY id LIMIT $3",  # noqa: S608
        source,
        after,
        limit,
    )
    return [_parked(row) for row in rows]


async def resume(session: AsyncSession, subscriptions: Subscriptions, parked_id: int) -> Resumed:
    """Try one parked event again; it stays parked, with one more attempt, if it fails again.

    Raises ParkedEventNotFound, and NotFirstInQueue where an earlier one shares a key.
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
        raise NotFirstInQueue(f"parked event {earlier['id']} (position {earlier['position']}) goes first")
    return await _try_again(session, subscriptions, [event])


async def resume_key(session: AsyncSession, subscriptions: Subscriptions, source: str, key: str) -> Resumed:
    """Try again, in order, all that is parked under this key, and all that these wait for or that waits for them.

    What fails again stays, and holds back what shares a key with it. Raises ParkedEventNotFound.
    """
    connection = await raw(session)
    await connection.execute(_LOCK, source)
    rows = await connection.fetch(f"SELECT {_COLUMNS} FROM parked WHERE source = $1 ORDER BY position", source)  # noqa: S608
    queue = _connected([_parked(row) for row in rows], key)
    if not queue:
        raise ParkedEventNotFound(f"nothing of {source} is parked under {key}")
    return await _try_again(session, subscriptions, queue)


async def discard(session: AsyncSession, parked_id: int, *, by: Caller, reason: str) -> ParkedEvent:
    """Give a parked event up: it will never be applied. Recorded with the caller and the reason.

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
    held: set[str] = set()
    applied, parked = [], []
    for event in queue:
        if held.isdisjoint(event.keys):
            error = await _attempt(session, subscriptions, event)
            if error is None:
                await connection.execute("DELETE FROM parked WHERE id = $1", event.id)
                applied.append(event.id)
                continue
            await connection.execute(
                "UPDATE parked SET attempts = attempts + 1, error = $2 WHERE id = $1", event.id, _short(error)
            )
        held.update(event.keys)
        parked.append(event.id)
    return Resumed(tuple(applied), tuple(parked))


async def _attempt(session: AsyncSession, subscriptions: Subscriptions, event: ParkedEvent) -> str | None:
    """Return what went wrong, or None. A passing fault is raised: it says nothing about the event."""
    try:
        delivery = delivery_of(Envelope.decode(event.body), subscriptions.names)
        if delivery is not None:
            async with session.begin_nested():
                await subscriptions.deliver([delivery], session)
    except Undecodable as error:
        return str(error)
    except Exception as error:
        if is_passing(error):
            raise
        return error_text(error)
    return None


def _connected(events: Sequence[ParkedEvent], key: str) -> list[ParkedEvent]:
    keys, found = {key}, -1
    chosen: list[ParkedEvent] = []
    while len(chosen) > found:
        found = len(chosen)
        chosen = [event for event in events if not keys.isdisjoint(event.keys)]
        keys.update(*(event.keys for event in chosen))
    return chosen


def error_text(error: BaseException) -> str:
    """Return how an error is kept beside the parked event."""
    return f"{type(error).__name__}: {error}"


def _short(error: str) -> str:
    return error[:ERROR_LENGTH].replace("\x00", "")


def _parked(row: asyncpg.Record) -> ParkedEvent:
    return ParkedEvent(**{**dict(row), "keys": tuple(row["keys"])})
