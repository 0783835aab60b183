"""Rebuild of a projection: refill its tables from the event logs and compare checksums before and after."""

import hashlib
from dataclasses import dataclass
from itertools import takewhile

import asyncpg
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Database, raw
from libs.common.database.statistics import analyze
from libs.common.errors import NotFound
from libs.common.messaging.bus import Bus, Message, position_of
from libs.common.messaging.intake import Cursor, take_in
from libs.common.messaging.subscriptions import KnowingHandler, NotingHandler, Projection, Subscriptions

_BATCH = 1000

_log = structlog.get_logger(__name__)


class UnknownProjection(NotFound):
    """The service has no projection of this name.

    `detail` lists the projections that it has.
    """


class NotReplayable(RuntimeError):
    """The source can no longer replay, from its first event, what was consumed from it."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """Result of a rebuild: events replayed, and the checksum of the content before and after."""

    projection: str
    events: int
    before: str
    after: str

    @property
    def is_equal(self) -> bool:
        """Whether the projection already matched the log."""
        return self.before == self.after


async def checksum(connection: asyncpg.Connection, projection: Projection) -> str:
    """Return the MD5 of the projection's content, row by row, in its own order. Needs a transaction."""
    # Used to compare contents only, not for security.
    digest = hashlib.md5(usedforsecurity=False)
    # The query is the projection's own SQL, written in the code.
    async for row in connection.cursor(f"SELECT content::text FROM ({projection.content}) AS content", prefetch=1000):  # noqa: S608
        digest.update(row[0].encode())
        digest.update(b"\n")
    return digest.hexdigest()


async def checksums(database: Database, subscriptions: Subscriptions) -> dict[str, str]:
    """Return the checksum of every projection of the service, all from one snapshot."""
    async with database.read() as session:
        connection = await raw(session)
        return {
            name: await checksum(connection, projection)
            for name, projection in sorted(subscriptions.projections.items())
        }


async def rebuild(database: Database, bus: Bus, subscriptions: Subscriptions, name: str) -> Rebuilt:
    """Empty a projection and replay into it every event that this service has consumed.

    Runs in one transaction: readers see the old content until it commits, and consumers wait meanwhile. Only the
    projection's own handlers are called, so no command runs and no event is published twice. Parked events stay
    out. Raises UnknownProjection, NotReplayable.
    """
    projection = subscriptions.projections.get(name)
    if projection is None:
        raise UnknownProjection(f"{name}: there are {', '.join(sorted(subscriptions.projections)) or 'none'}")
    handlers = [handler for handler in subscriptions.copying if handler.projection.name == name]
    async with database.begin() as session:
        connection = await raw(session)
        places = await connection.fetch(
            "SELECT source, source_position FROM consumer_offset ORDER BY source FOR UPDATE"
        )
        before = await checksum(connection, projection)
        for table in projection.tables:
            await connection.execute(f'DELETE FROM "{table}"')  # noqa: S608  (a name from the code)
        events = 0
        for row in places:
            events += await _replay(session, bus, handlers, row["source"], row["source_position"])
        await connection.execute("DELETE FROM unfilled_projection WHERE name = $1", name)
        await analyze(connection, projection.tables)
        after = await checksum(connection, projection)
    return Rebuilt(name, events, before, after)


async def rebuild_carried_over(database: Database, bus: Bus, subscriptions: Subscriptions) -> None:
    """Rebuild each projection that a migration could not fill whole, before events are consumed.

    Either it filled it from older tables with fewer columns, or there were none and it is among `unfilled_projection`:
    its events were consumed before the service subscribed to them. If the log cannot be read now, the service works
    with the migrated content, and retries at its next start.
    """
    unfilled = {row["name"] for row in await database.fetch("SELECT name FROM unfilled_projection")}
    for name, projection in sorted(subscriptions.projections.items()):
        if name not in unfilled and not await _is_carried_over(database, projection):
            continue
        try:
            done = await rebuild(database, bus, subscriptions, name)
        except Exception as error:  # noqa: BLE001  (whatever it is, the service is better up with what it has)
            _log.warning("a carried-over projection is not rebuilt", projection=name, error=str(error))
        else:
            _log.info("rebuilt a carried-over projection", projection=name, events=done.events)


async def _is_carried_over(database: Database, projection: Projection) -> bool:
    return bool(projection.carried_over and (await database.fetch(projection.carried_over))[0][0])


def _is_alien(message: Message) -> bool:
    return position_of(message) is None


async def _replay(
    session: AsyncSession, bus: Bus, handlers: list[KnowingHandler | NotingHandler], source: str, up_to: int
) -> int:
    connection = await raw(session)
    parked = {
        row["position"] for row in await connection.fetch("SELECT position FROM parked WHERE source = $1", source)
    }
    names = frozenset[str]().union(*(handler.names for handler in handlers))
    place, events = Cursor(), 0
    while place.position < up_to:
        read = await bus.read(source, place.next_offset, _BATCH)
        # What is no event was skipped by an operator; what was not consumed yet is left to the consumer.
        alien = list(takewhile(_is_alien, read))
        consumed = list(takewhile(lambda one: (position_of(one) or 0) <= up_to, read[len(alien) :]))
        messages = list(takewhile(lambda one: not _is_alien(one), consumed)) or read[len(alien) : len(alien) + 1]
        # The epoch may have changed within the log: the consumer accepted that change at the time.
        place = Cursor("", alien[-1].offset + 1 if alien else place.next_offset, place.position)
        if alien and not messages:
            continue
        intake = take_in(messages, place, names)
        if intake.stopped is not None:
            raise NotReplayable(f"{source}: {intake.stopped}") from intake.stopped
        if intake.place == place:
            raise NotReplayable(f"{source} ends at {place.position}, but {up_to} was consumed")
        place = intake.place
        deliveries = [
            step.delivery
            for step in intake.steps
            if step.delivery and step.position <= up_to and step.position not in parked
        ]
        for handler in handlers:
            own = [delivery for delivery in deliveries if delivery.event.event_name in handler.names]
            if not own:
                continue
            if isinstance(handler, NotingHandler):
                await handler.note(own, connection)
            else:
                await handler.know([delivery.event for delivery in own], connection)
        events += len(deliveries)
    return events
