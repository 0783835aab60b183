"""Transactional outbox: events are inserted in the same transaction as the change they describe."""

import asyncio
import uuid
from collections.abc import Sequence
from typing import cast

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events import Event
from libs.common.messaging.wakeup import wake_after_commit
from libs.common.process.context import origin

# An array of arrays must be rectangular in SQL, so each event's keys are passed as one text.
_BETWEEN_KEYS = "\x1f"

_MANY = 1_000
"""From this many events on, COPY is faster than one INSERT; it keeps their order too."""

_AT_ONCE = 200

_COLUMNS = (
    "event_id",
    "name",
    "version",
    "keys",
    "aggregate_version",
    "actor",
    "correlation",
    "causation",
    "causation_source",
    "traceparent",
    "fields",
)

_ADD = f"""
INSERT INTO outbox
    (event_id, name, version, keys, aggregate_version, actor, correlation, causation, causation_source,
     traceparent, fields)
SELECT event_id, name, version, string_to_array(keys, '{_BETWEEN_KEYS}'), aggregate_version,
       $6::text, $7::text, $8::text, $9::text, $10::text, fields
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::int[], $11::text[]) WITH ORDINALITY
     AS added (event_id, name, version, keys, aggregate_version, fields, n)
ORDER BY n
"""  # noqa: S608  (the only value put in is the constant above)


Origins = tuple[str, str, str, str, str]
"""Actor, correlation, causation and its source, trace."""
Row = tuple[uuid.UUID, str, int, list[str], int | None, *Origins, str]
"""An event as a row of the outbox: id, name, version, keys, ..., and its fields as JSON."""


async def add(session: AsyncSession, event: Event, *, version: int | None = None) -> str:
    """Insert an event into the outbox, to be published once the session's transaction commits; return its id.

    Call it as the last step of a command: the session is flushed first, so that whichever transaction changes the same
    aggregate next inserts its events after this one. `version` is the aggregate's own change count.
    """
    [event_id] = await add_rows(session, [_row(event, version)])
    return event_id


async def add_all(session: AsyncSession, events: Sequence[Event]) -> list[str]:
    """Insert these events into the outbox, in this order and in one statement; return their ids."""
    return await add_rows(session, await rows_of(events)) if events else []


async def rows_of(events: Sequence[Event]) -> list[Row]:
    """Convert events to rows for `add_rows`, yielding to other tasks after every 200 of them."""
    rows: list[Row] = []
    for start in range(0, len(events), _AT_ONCE):
        rows.extend(_row(event, None) for event in events[start : start + _AT_ONCE])
        await asyncio.sleep(0)
    return rows


async def add_rows(session: AsyncSession, rows: Sequence[Row]) -> list[str]:
    """Insert these rows into the outbox in this order; return the events' ids."""
    if not rows:
        return []
    await session.flush()
    connection = await raw(session)
    origins = {row[5:10] for row in rows}
    if len(rows) >= _MANY or len(origins) > 1:
        await connection.copy_records_to_table("outbox", records=rows, columns=_COLUMNS)
    else:
        ids, names, versions, keys, counts, *_, fields = ([row[column] for row in rows] for column in range(11))
        together = [_BETWEEN_KEYS.join(cast("list[str]", each)) for each in keys]
        await connection.execute(_ADD, ids, names, versions, together, counts, *origins.pop(), fields)
    wake_after_commit(session)
    return [str(row[0]) for row in rows]


def _row(event: Event, version: int | None) -> Row:
    fields = event.model_dump_json()
    return (
        uuid.uuid4(),
        event.event_name,
        event.event_version,
        sorted(event.keys),
        version,
        *_origin(),
        fields,
    )


def _origin() -> Origins:
    from_ = origin()
    return from_.actor, from_.correlation, from_.causation, from_.causation_source, from_.traceparent
