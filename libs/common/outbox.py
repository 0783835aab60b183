"""Telling others: events are put into the outbox by the transaction that made them true."""

import uuid
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.context import origin
from libs.common.database import raw
from libs.common.events import Event
from libs.common.wake import wake_after_commit

# An array of arrays must be rectangular in SQL, so that each event's keys travel as one text.
_BETWEEN_KEYS = "\x1f"

_MANY = 1_000
"""From as many events on, COPY is quicker than one statement: it takes them in their order too."""

_COLUMNS = (
    "event_id",
    "name",
    "version",
    "keys",
    "aggregate_version",
    "actor",
    "correlation",
    "causation",
    "traceparent",
    "fields",
)

_ADD = f"""
INSERT INTO outbox
    (event_id, name, version, keys, aggregate_version, actor, correlation, causation, traceparent, fields)
SELECT event_id, name, version, string_to_array(keys, '{_BETWEEN_KEYS}'), aggregate_version,
       $6::text, $7::text, $8::text, $9::text, fields
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::int[], $10::text[]) WITH ORDINALITY
     AS added (event_id, name, version, keys, aggregate_version, fields, n)
ORDER BY n
"""  # noqa: S608  (the only value put in is the constant above)


async def add(session: AsyncSession, event: Event, *, version: int | None = None) -> str:
    """Tell this event if, and once, the session's transaction commits; return the event's id.

    It is the last step of a command: what the command changed is flushed first, so that whoever changes the same
    aggregate next puts its events behind this one. `version` is the aggregate's own count of its changes.
    """
    [event_id] = await _put(session, [event], [version])
    return event_id


async def add_all(session: AsyncSession, events: Sequence[Event]) -> list[str]:
    """Tell these events in this order, in one statement; return their ids."""
    return await _put(session, events, [None] * len(events)) if events else []


async def _put(session: AsyncSession, events: Sequence[Event], versions: Sequence[int | None]) -> list[str]:
    await session.flush()
    ids = [uuid.uuid4() for _ in events]
    connection = await raw(session)
    if len(events) >= _MANY:
        rows = [
            (event_id, event.event_name, event.event_version, sorted(event.keys), version, *_origin(), _fields(event))
            for event_id, event, version in zip(ids, events, versions, strict=True)
        ]
        await connection.copy_records_to_table("outbox", records=rows, columns=_COLUMNS)
    else:
        await connection.execute(
            _ADD,
            ids,
            [event.event_name for event in events],
            [event.event_version for event in events],
            [_BETWEEN_KEYS.join(sorted(event.keys)) for event in events],
            list(versions),
            *_origin(),
            [_fields(event) for event in events],
        )
    wake_after_commit(session)
    return [str(event_id) for event_id in ids]


def _origin() -> tuple[str, str, str, str]:
    from_ = origin()
    return from_.actor, from_.correlation, from_.causation, from_.traceparent


def _fields(event: Event) -> str:
    return event.model_dump_json()
