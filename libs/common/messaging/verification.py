"""Verifies a log by its own chain, by what its topic tells, and what was consumed of others by what they tell now.

Who may change a log may give it a new chain too, so that it agrees with itself. What every subscriber kept of it as it
came, and what the topic has, then differ.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg

from libs.common.audit import NEW_EPOCH
from libs.common.database.connection import Database
from libs.common.events import Envelope, Undecodable
from libs.common.messaging import event_log
from libs.common.messaging.bus import Bus, position_of
from libs.common.messaging.chain import GENESIS, link
from libs.common.messaging.intake import Cursor

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Verification:
    """Result of verifying a chain of events: how many agree, the head of their chain, and the first fault."""

    events: int
    head: bytes
    fault: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether no event was edited, removed, inserted or reordered."""
        return self.fault is None


async def verify(database: Database) -> Verification:
    """Verify the whole log against its hash chain, from the first event, and where it ends against the sequencer.

    A log that was rewritten together with every later hash agrees with itself: verify_heard by its subscribers, or
    verify_topic, find that.
    """
    events, chain, epoch = 0, GENESIS, ""
    async with database.connect() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        state = await connection.fetchrow("SELECT epoch::text, last_position, last_chain FROM sequencer_state")
        async for row in connection.cursor("SELECT * FROM event_log ORDER BY position", prefetch=1000):
            fault = _fault(row, events + 1, link(chain, row["body"]))
            if fault is not None:
                return Verification(events, chain, fault)
            events, chain = events + 1, row["chain"]
            epoch = Envelope.decode(row["body"]).epoch
        return Verification(events, chain, await _fault_of_state(connection, state, (events, chain), epoch))


async def _fault_of_state(
    connection: asyncpg.Connection, state: asyncpg.Record | None, end: tuple[int, bytes], epoch: str
) -> str | None:
    events, _ = end
    if state is None:
        return f"the log has {events} events, but the sequencer's state is gone" if events else None
    if (state["last_position"], state["last_chain"]) != end:
        return f"the log ends at {events}, but the sequencer was at {state['last_position']}"
    if epoch and epoch != state["epoch"]:
        recorded = await connection.fetchval(
            "SELECT EXISTS (SELECT FROM write_record WHERE operation = $1)", f"{NEW_EPOCH} {state['epoch']}"
        )
        if not recorded:
            return f"the epoch is {state['epoch']}, but the last event is of {epoch}, and no new epoch was recorded"
    return None


def _fault(row: asyncpg.Record, expected: int, chain: bytes) -> str | None:
    position = row["position"]
    if position != expected:
        return f"position {expected} is missing: {position} follows"
    if row["chain"] != chain:
        return f"position {position} was changed: its hash differs"
    try:
        envelope = Envelope.decode(row["body"])
    except Undecodable as error:
        return f"position {position} cannot be read: {error}"
    columns = (position, str(row["event_id"]), row["name"], tuple(row["keys"]), row["recorded_at"])
    causes = (row["causation"], row["correlation"])
    # An older release appended it, and it is not filled yet.
    is_filled = causes != ("", "")
    told = (envelope.position, envelope.id, envelope.name, envelope.keys, envelope.recorded_at)
    if columns != told or (is_filled and causes != (envelope.causation, envelope.correlation)):
        return f"position {position} is stored under columns that differ from its body"
    return None


async def verify_topic(database: Database, bus: Bus, service: str) -> Verification:
    """Compare what the service's topic tells with its log, which is verified by itself."""
    chain, compared = GENESIS, 0
    try:
        async for batch in _told(bus, service, after=0):
            for _, body in batch:
                chain = link(chain, body)
            last = batch[-1][0]
            row = await database.fetchrow("SELECT chain FROM event_log WHERE position = $1", last)
            if row is None:
                end = (await event_log.end(database)).position
                return Verification(compared, chain, f"the topic has position {last}, but the log ends at {end}")
            if row["chain"] != chain:
                return Verification(
                    compared, chain, f"between positions {compared + 1} and {last} the topic differs from the log"
                )
            compared = last
    except _Missing as missing:
        return Verification(compared, chain, str(missing))
    return Verification(compared, chain)


async def verify_heard(database: Database, bus: Bus, source: str) -> Verification:
    """Compare what a source tells now with what this service kept of it when it consumed it."""
    row = await database.fetchrow(
        "SELECT epoch, next_offset, source_position, heard_since, heard_head FROM consumer_offset WHERE source = $1",
        source,
    )
    heard = Cursor(*row) if row else Cursor()
    end, chain, compared = await bus.end(source), GENESIS, heard.since
    if end.position < heard.position:
        fault = f"{source} ends at {end.position}, but was consumed up to {heard.position}: it was cut or emptied"
        return Verification(0, chain, fault)
    try:
        async for batch in _told(bus, source, after=heard.since, to=heard.position):
            compared = batch[-1][0]
            for _, body in batch:
                chain = link(chain, body)
    except _Missing as missing:
        return Verification(0, chain, f"{source}: {missing}")
    if chain != heard.head:
        between = f"positions {heard.since + 1} to {heard.position}"
        return Verification(0, chain, f"{between} of {source} are not what was consumed: it was rewritten")
    if end.position == heard.position and heard.epoch and end.epoch != heard.epoch:
        fault = f"the epoch of {source} is {end.epoch}, but was {heard.epoch}: it was restored, or its state changed"
        return Verification(0, chain, fault)
    return Verification(compared - heard.since, chain)


class _Missing(Exception):
    """The source has no event at a position that it must have."""


async def _told(bus: Bus, source: str, *, after: int, to: int | None = None) -> AsyncIterator[list[tuple[int, bytes]]]:
    """Yield the events after a position in batches, each with its position, up to another or to the present end.

    What is no event, and what comes twice, is left out. Raises _Missing where a position is.
    """
    end = await bus.end(source)
    last, offset = after, after + 1  # no event is at an offset below its position
    while last < (end.position if to is None else to):
        messages = await bus.read(source, offset, _BATCH)
        if not messages:
            raise _Missing(f"position {last + 1} is missing: nothing follows")
        batch = []
        for message in messages:
            position = position_of(message)
            if position is None or position <= last or (to is not None and position > to):
                continue
            if position != last + 1:
                raise _Missing(f"position {last + 1} is missing: {position} follows")
            batch.append((position, message.body))
            last = position
        offset = messages[-1].offset + 1
        if batch:
            yield batch
