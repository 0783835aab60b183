"""Consumer of one source: applies each batch of events exactly once, in one transaction with its own cursor."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import cast

import asyncpg
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from libs.common.database.connection import Database, raw
from libs.common.database.statistics import analyze
from libs.common.messaging.bus import Bus, epoch_of
from libs.common.messaging.intake import (
    Cursor,
    EpochChanged,
    Intake,
    Parking,
    TooManyParked,
    Unreadable,
    divide,
    error_text,
    reason_to_park,
    take_in,
)
from libs.common.messaging.lease import CONSUMING, HUNG_SECONDS, beat, leased
from libs.common.messaging.parking import park, parked_keys
from libs.common.messaging.subscriptions import Delivery, Subscriptions
from libs.common.messaging.wakeup import outbox_signal
from libs.common.process.faults import Backoff, is_passing
from libs.common.process.tasks import Alive, unwatched

ATTEMPTS = 3
"""Attempts per event, after the batch that contained it has failed, before it is parked."""

_log = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """Another consumer has moved this consumer's cursor."""


@dataclass(frozen=True, slots=True)
class ConsumerLimits:
    """Limits of a consumer: events a batch, the maximum of parked keys, and polling and back-off times in seconds."""

    batch: int = 500
    parked_keys: int = 1000
    poll: float = 5.0
    analyze_every: int = 5_000
    """Events applied between two looks at which tables have outgrown their statistics; a look costs a millisecond."""
    longest_pause: float = 10.0
    hung_after: float = HUNG_SECONDS


class Consumer:
    """Consumes one source for one service. Several may run for the same pair: a lease lets one at a time work."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        subscriptions: Subscriptions,
        source: str,
        limits: ConsumerLimits | None = None,
    ) -> None:
        self.source = source
        self.applied = 0
        self.duplicates = 0
        self.unknown: Counter[str] = Counter()
        """Events skipped because this software knows nothing of their name, counted by name and version."""
        self._since_analyzed = 0
        self._database = database
        self._bus = bus
        self._subscriptions = subscriptions
        self._limits = limits or ConsumerLimits()
        self._backoff = Backoff(most=self._limits.longest_pause)
        self._log = _log.bind(service=subscriptions.service, source=source)

    async def run(self, stop: asyncio.Event, alive: Alive = unwatched) -> None:
        """Consume the source until `stop` is set.

        A transient fault is retried with back-off and never parks an event. Raises ConsumerStopped where continuing
        would skip or misread events; when run again, the consumer checks whether the cause is still there.
        """
        while not stop.is_set():
            try:
                async with leased(
                    self._database, CONSUMING + self.source, stop=stop, hung_after=self._limits.hung_after
                ) as connection:
                    if connection is not None:
                        await self._follow(connection, stop, alive)
            except Exception as error:
                if not (isinstance(error, OSError | LeaseLost) or is_passing(error)):
                    raise
                self._log.warning("consumer pauses", error=error_text(error))
                await self._backoff.pause(stop)

    async def _follow(self, connection: AsyncConnection, stop: asyncio.Event, alive: Alive) -> None:
        place = await self._place(connection)
        await self._check_footing(place)
        while not stop.is_set():
            messages = await self._bus.read(self.source, place.next_offset, self._limits.batch)
            if messages and place.epoch and epoch_of(messages[0]) not in (None, place.epoch):
                await self._check_footing(place)
            intake = take_in(messages, place, self._subscriptions.names)
            if intake.place != place:
                await self._apply(connection, place, intake)
                place = intake.place
            else:
                await beat(await _driver(connection))
            if intake.stopped is not None:
                raise intake.stopped
            self._backoff.reset()
            if not messages:
                await self._check_not_ahead(place)
                alive()
                await self._bus.wait(self.source, place.next_offset, within=self._limits.poll, stop=stop)
            alive()

    async def _place(self, connection: AsyncConnection) -> Cursor:
        driver = await _driver(connection)
        await driver.execute(
            "INSERT INTO consumer_offset (source, epoch, next_offset, source_position) VALUES ($1, '', 0, 0)"
            " ON CONFLICT (source) DO NOTHING",
            self.source,
        )
        row = await driver.fetchrow(
            "SELECT epoch, next_offset, source_position, heard_since, heard_head FROM consumer_offset"
            " WHERE source = $1",
            self.source,
        )
        return Cursor(*row) if row else Cursor()

    async def _check_footing(self, place: Cursor) -> None:
        """Raise EpochChanged unless the last event consumed is still at its offset, with the same epoch."""
        if place.position == 0:
            return
        last = await self._bus.at(self.source, place.next_offset - 1)
        if last is None:
            await self._check_not_ahead(place)
            raise EpochChanged(f"position {place.position} of epoch {place.epoch} is no longer in the source")
        epoch = epoch_of(last)
        if epoch not in (None, place.epoch):
            raise EpochChanged(f"position {place.position} was consumed in epoch {place.epoch} and is now of {epoch}")

    async def _check_not_ahead(self, place: Cursor) -> None:
        at = await self._bus.end(self.source)
        if at.next_offset < place.next_offset:
            raise EpochChanged(f"the source ends at {at.position}, epoch {at.epoch}; this consumer is at {place}")

    async def _apply(self, connection: AsyncConnection, place: Cursor, intake: Intake) -> None:
        try:
            async with AsyncSession(connection, expire_on_commit=False) as session, session.begin():
                await self._apply_batch(session, place, intake)
        except (LeaseLost, TooManyParked, Unreadable):
            raise
        except Exception as error:
            if is_passing(error):
                raise
            self._log.warning("a batch failed; applying its events one by one", error=error_text(error))
            # If the connection was lost meanwhile, this fails at once with a transient fault.
            async with AsyncSession(connection, expire_on_commit=False) as session, session.begin():
                await self._apply_singly(session, place, intake)
        outbox_signal(self._database.url).give()
        self.applied += len(intake.steps)
        self.duplicates += intake.duplicates
        self.unknown.update(intake.unknown)
        await self._analyze(connection, len(intake.steps))

    async def _analyze(self, connection: AsyncConnection, events: int) -> None:
        """Keep the planner's statistics up with a long log that is being caught up with."""
        self._since_analyzed += events
        if self._since_analyzed >= self._limits.analyze_every:
            self._since_analyzed = 0
            await analyze(await _driver(connection))

    async def _apply_batch(self, session: AsyncSession, place: Cursor, intake: Intake) -> None:
        driver = await raw(session)
        await self._move(driver, place, intake.place)
        flowing, parking = divide(intake.steps, await parked_keys(driver, self.source))
        await self._subscriptions.deliver(flowing, session)
        await self._park(driver, parking)

    async def _apply_singly(self, session: AsyncSession, place: Cursor, intake: Intake) -> None:
        driver = await raw(session)
        await self._move(driver, place, intake.place)
        blocked = await parked_keys(driver, self.source)
        parking: list[Parking] = []
        for step in intake.steps:
            attempts, error = 0, reason_to_park(step, blocked)
            while error is None and step.delivery is not None:
                attempts += 1
                failure = await self._attempt(session, step.delivery)
                if failure is None:
                    break
                error = failure if attempts == ATTEMPTS else None
            if error is not None:
                blocked |= step.keys
                parking.append(Parking(step, attempts, error))
        await self._park(driver, parking)

    async def _attempt(self, session: AsyncSession, delivery: Delivery) -> str | None:
        """Apply one event in a savepoint; return the error's text, or None. On failure the savepoint is rolled back."""
        try:
            async with session.begin_nested():
                await self._subscriptions.deliver([delivery], session)
        except Exception as error:
            if is_passing(error):
                raise
            session.expunge_all()
            return error_text(error)
        return None

    async def _move(self, driver: asyncpg.Connection, expected: Cursor, to: Cursor) -> None:
        """Advance the cursor by compare-and-set, first of all: a consumer that lost its lease fails before it writes.

        The row stays locked until the end of the transaction, so that no operator changes parked events meanwhile.
        """
        moved = await driver.execute(
            "UPDATE consumer_offset SET epoch = $1, next_offset = $2, source_position = $3, heard_since = $4,"
            " heard_head = $5, updated_at = clock_timestamp()"
            " WHERE source = $6 AND next_offset = $7 AND source_position = $8",
            *astuple(to),
            self.source,
            expected.next_offset,
            expected.position,
        )
        if moved != "UPDATE 1":
            raise LeaseLost(f"{self.source} is no longer at {expected}")

    async def _park(self, driver: asyncpg.Connection, parking: Sequence[Parking]) -> None:
        if not parking:
            return
        if keyless := [each for each in parking if not each.step.keys]:
            first = keyless[0]
            raise Unreadable(f"position {first.step.position} has no keys to park it under: {first.error}")
        await park(driver, self.source, parking)
        keys = await parked_keys(driver, self.source)
        if len(keys) > self._limits.parked_keys:
            raise TooManyParked(
                f"{len(keys)} keys of {self.source} would be parked, more than {self._limits.parked_keys};"
                f" position {parking[0].step.position}: {parking[0].error}"
            )
        for each in parking:
            self._log.error("event parked", position=each.step.position, keys=sorted(each.step.keys), error=each.error)


async def _driver(connection: AsyncConnection) -> asyncpg.Connection:
    return cast("asyncpg.Connection", (await connection.get_raw_connection()).driver_connection)
