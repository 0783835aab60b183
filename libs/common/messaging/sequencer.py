"""Background loop that moves events from the outbox to the event log and wakes the log's readers."""

import asyncio
import time

import asyncpg

from libs.common.database.connection import Database
from libs.common.messaging.event_log import append_from_outbox, fill_causes, is_outbox_empty
from libs.common.messaging.wakeup import log_signal, outbox_signal
from libs.common.process.faults import Backoff, is_passing
from libs.common.process.tasks import Alive, unwatched

CHANNEL = "event_log"
"""PostgreSQL channel that notifies other processes when the log has grown."""

_BETWEEN_NOTIFICATIONS = 0.01
_BUSY_FOR = 1.0


class Sequencer:
    """Moves one service's outbox to its event log. Several may run: a row lock lets one at a time append.

    A commit in this process wakes it. Commits of other processes are found by polling: every `busy` seconds while
    events arrive, every `idle` seconds otherwise.
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
        """Sequence until `stop` is set. A lost connection is opened again; any other error is raised."""
        while not stop.is_set():
            try:
                async with self._database.connect() as connection:
                    await fill_causes(connection)
                    await self._follow(connection, stop, alive)
            except Exception as error:
                if not (isinstance(error, OSError) or is_passing(error)):
                    raise
                await self._backoff.pause(stop)

    async def _follow(self, connection: asyncpg.Connection, stop: asyncio.Event, alive: Alive) -> None:
        last_event = last_notified = -_BUSY_FOR
        pending = at_rest = False
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
                last_event, pending = now, True
            # NOTIFY takes a lock shared by all notifying commits on the server, so it is sent rarely and never in a
            # command.
            if pending and now - last_notified >= _BETWEEN_NOTIFICATIONS:
                await connection.execute(f"NOTIFY {CHANNEL}")
                last_notified, pending = now, False
            if not appended:
                pause = self._busy if now - last_event < _BUSY_FOR else self._idle
                within = _BETWEEN_NOTIFICATIONS if pending else pause
                at_rest = await self._committed.wait(seen, within=within, stop=stop) == seen
