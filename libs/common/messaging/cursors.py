"""An operator's moves of a consumer's cursor: back to what it shares with a restored source, past what is no event."""

from dataclasses import astuple, replace

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.audit import record_write
from libs.common.database.connection import raw
from libs.common.identity import Caller
from libs.common.messaging.bus import Message, epoch_of, position_of
from libs.common.messaging.intake import Cursor


class CursorStays(Exception):
    """The cursor is not moved, because events would be lost; the message says which and what to do."""


async def continue_from(session: AsyncSession, source: str, last: Message | None, *, new_epoch: str = "") -> Cursor:
    """Move the consumer's cursor back to just after this message of the bus; None starts from the first event.

    For an operator, after the source was restored. Events consumed beyond that message stay applied. `new_epoch` is the
    source's present epoch, if it began after the first event. Raises CursorStays where the message was not consumed.
    """
    before = await _cursor_to_move(session, source)
    place = Cursor()
    if last is not None:
        position = position_of(last) or 0
        place = Cursor(epoch_of(last) or "", last.offset + 1, position, since=position)
    if place.position > before.position:
        first = before.position + 1
        skipped = f"position {first}" if first == place.position else f"positions {first} to {place.position}"
        raise CursorStays(
            f"{skipped} of {source} would never be consumed: continue after {before.position} or an earlier position"
        )
    if last is not None and before.epoch and place.epoch == new_epoch != before.epoch:
        raise CursorStays(
            f"position {place.position} of {source} is of the epoch {new_epoch}, which began with the restore: events"
            " before it would never be consumed. Continue after the position that new-epoch printed"
        )
    await _move(session, source, place)
    return place


async def skip_record(
    session: AsyncSession, source: str, offset: int, record: Message | None, *, by: Caller, reason: str
) -> Cursor:
    """Move the consumer's cursor past the record at this offset, which is no event; who did it and why is recorded.

    Nothing is lost: the record stays in the topic, and the positions of the events around it have no gap.
    Raises CursorStays if the record is an event, or the consumer has not stopped at this offset.
    """
    before = await _cursor_to_move(session, source)
    if before.next_offset != offset:
        raise CursorStays(f"the consumer of {source} is at offset {before.next_offset}, not at {offset}")
    if record is None:
        raise CursorStays(f"{source} has no record at offset {offset}")
    if (position := position_of(record)) is not None:
        raise CursorStays(
            f"the record at offset {offset} of {source} is the event at position {position}, and would be lost"
        )
    place = replace(before, next_offset=offset + 1)
    await _move(session, source, place)
    await record_write(session, by, f"skip record {offset} of {source}: {reason}")
    return place


async def _cursor_to_move(session: AsyncSession, source: str) -> Cursor:
    row = await (await raw(session)).fetchrow(
        "SELECT epoch, next_offset, source_position, heard_since, heard_head FROM consumer_offset"
        " WHERE source = $1 FOR UPDATE",
        source,
    )
    if row is None:
        raise CursorStays(f"this service consumes no {source}, or has not begun to")
    # A consumer that has consumed nothing stands before the first offset of any bus.
    return replace(Cursor(*row), next_offset=max(row["next_offset"], 1))


async def _move(session: AsyncSession, source: str, place: Cursor) -> None:
    await (await raw(session)).execute(
        "UPDATE consumer_offset SET epoch = $1, next_offset = $2, source_position = $3, heard_since = $4,"
        " heard_head = $5, updated_at = clock_timestamp() WHERE source = $6",
        *astuple(place),
        source,
    )
