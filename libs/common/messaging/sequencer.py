"""Keeping the event log up with the outbox: a loop that is woken by commits, and wakes the log's readers."""

import asyncio
import time

import asyncpg

from libs.common.database.connection import Database
from libs.common.messaging.event_log import append_from_outbox, is_outbox_empty
from libs.common.messaging.wakeup import log_signal, outbox_signal
from libs.common.process.faults import Backoff, is_passing
from libs.common.process.tasks import Alive, unwatched

CHANNEL = "event_log"
"""PostgreSQL channel on which the log's growth is told to other processes."""

_BETWEEN_NOTIFICATIONS = 0.01
_BUSY_FOR = 1.0


class Sequencer:
    """Moves one service's outbox to its event log. Several may run: a row lock lets one at a time do it.

    A commit in this process wakes it; what another process commits it finds by polling, every `busy` seconds while
    events come and every `idle` seconds else.
    """

    def __init__(
        self, database: Database, service: str, *, batch: int = 500, busy: float = 0.02, idle: float = 1.0
    ) -> None:
        self._database = database
        self._service = service
        self._batch = batch
        self._busy = busy
        self._idle = idle
        self._committed = outbox_signal(database.url)
        self._grown = log_signal(database.url)
        self._backoff = Backoff()

    async def run(self, stop: asyncio.Event, alive: Alive = unwatched) -> None:
        """Sequence until `stop` is set. A lost connection is made again; any other error is raised."""
        while not stop.is_set():
            try:
                async with self._database.connect() as connection:
                    await self._follow(connection, stop, alive)
            except Exception as error:
                if not (isinstance(error, OSError) or is_passing(error)):
                    raise
                await self._backoff.pause(stop)

    async def _follow(self, connection: asyncpg.Connection, stop: asyncio.Event, alive: Alive) -> None:
        last_event = last_notified = -_BUSY_FOR
        untold = at_rest = False
        while not stop.is_set():
            seen = self._committed.count
            # At rest it only looks: taking from the outbox locks a row and costs five statements, every time.
            skipped = at_rest and await is_outbox_empty(connection)
            appended = 0 if skipped else await append_from_outbox(connection, self._service, batch=self._batch)
            self._backoff.reset()
            alive()
            now = time.monotonic()
            if appended:
                self._grown.give()
                last_event, untold = now, True
            # NOTIFY takes a lock that all of the server's notifying commits share: seldom, and never in a command.
            if untold and now - last_notified >= _BETWEEN_NOTIFICATIONS:
                await connection.execute(f"NOTIFY {CHANNEL}")
                last_notified, untold = now, False
            if not appended:
                pause = self._busy if now - last_event < _BUSY_FOR else self._idle
                within = _BETWEEN_NOTIFICATIONS if untold else pause
                at_rest = await self._committed.wait(seen, within=within, stop=stop) == seen
