"""Due work: what a service does when a day is reached, by the clock or by command up to a named day."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.audit import record_write
from libs.common.database.connection import Database, raw
from libs.common.identity import Caller, service_caller
from libs.common.messaging.causes import MadeDue, because_of, name_causes
from libs.common.messaging.wakeup import Signal
from libs.common.process import context, tracing
from libs.common.process.clock import Clock, day_of, end_of, start_of
from libs.common.process.faults import Backoff, is_passing
from libs.common.process.tasks import Alive, unwatched

# Another process may move the clock, and its signal does not arrive here.
_LONGEST_WAIT = 60.0

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('due work', 0))"

_log = structlog.get_logger(__name__)


class DoDueWork(Protocol):
    """A service's routine that does the next piece of work due by `up_to`; it returns 0 when nothing is left."""

    def __call__(self, session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> Awaitable[int]:
        """Return how much was done."""


def first_of(routines: Sequence[DoDueWork]) -> DoDueWork:
    """Return the routine that does the next piece of the first of these that has one."""

    async def do_next(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:
        for do in routines:
            if done := await do(session, up_to=up_to, stated_at=stated_at, by=by):
                return done
        return 0

    return do_next


class _RolledBack(Exception):
    """Rolls back what was done to see whether it is due."""

    def __init__(self, is_due: bool) -> None:
        super().__init__("looked ahead")
        self.is_due = is_due


class DueWork:
    """Runs a service's due work: at the start, when the clock is moved (`moved.give()`), and when the day changes.

    `before_looking` is awaited each time, for example to read a clock that another process has moved. `made_due` finds
    the causes of what a piece publishes: the clock is only its trigger.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        service: str,
        do: DoDueWork,
        *,
        made_due: MadeDue | None = None,
        before_looking: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.moved = Signal()
        self._database = database
        self._clock = clock
        self._service = service
        self._do = do
        self._made_due = made_due or MadeDue()
        self._before_looking = before_looking
        self._backoff = Backoff()

    async def run(self, stop: asyncio.Event, alive: Alive = unwatched) -> None:
        """Do due work until `stop` is set. Transient faults are retried; a piece that fails raises its error."""
        while not stop.is_set():
            seen = self.moved.count
            try:
                if self._before_looking is not None:
                    await self._before_looking()
                # The clock may be moved back in the meantime: what is not due by its day then waits.
                await self._do_all(self._clock.today, stop)
            except Exception as error:
                if not (isinstance(error, OSError) or is_passing(error)):
                    raise
                _log.warning("due work pauses", service=self._service, error=str(error))
                await self._backoff.pause(stop)
                continue
            self._backoff.reset()
            alive()
            await self.moved.wait(seen, within=min(_until_tomorrow(), _LONGEST_WAIT), stop=stop)

    async def run_up_to(self, day: date) -> int:
        """Do all work due by this day, each piece in a transaction of its own; return how much was done.

        Two processes that do it at once take turns, piece by piece, so no piece is done twice.
        """
        return await self._do_all(lambda: day)

    async def is_due_by(self, day: date) -> bool:
        """Whether any work is due by this day, which may lie ahead: the next piece is done and rolled back."""
        try:
            async with self._in_context() as by, self._database.begin() as session:
                await (await raw(session)).execute(_LOCK)
                raise _RolledBack(await self._do(session, up_to=day, stated_at=start_of(day), by=by) > 0)
        except _RolledBack as done:
            return done.is_due

    async def _do_all(self, day: Callable[[], date], stop: asyncio.Event | None = None) -> int:
        done = 0
        while stop is None or not stop.is_set():
            piece = await self._piece(day())
            if piece == 0:
                break
            done += piece
        return done

    async def _piece(self, day: date) -> int:
        async with self._in_context() as by, self._database.begin() as session:
            with tracing.traced(self._service, "due work"):
                return await self._do_one(session, day, by)

    async def _do_one(self, session: AsyncSession, day: date, by: Caller) -> int:
        connection = await raw(session)
        await connection.execute(_LOCK)
        done = await self._do(session, up_to=day, stated_at=self._clock.stated_at(), by=by)
        if done:
            await session.flush()
            trigger = context.origin().causation
            made_due = await name_causes(connection, self._service, self._made_due, trigger=trigger)
            with because_of(made_due):
                await record_write(session, by, f"due work up to {day}")
        return done

    @asynccontextmanager
    async def _in_context(self) -> AsyncIterator[Caller]:
        """Let what is done in the block be caused by what asked for it, or by itself; yield the service as caller."""
        by = service_caller(self._service)
        before = context.origin()
        cause = before.correlation or str(uuid.uuid4())
        context.begin(
            context.Origin(
                actor=by.subject,
                correlation=cause,
                causation=before.causation or cause,
                traceparent=before.traceparent,
            )
        )
        try:
            yield by
        finally:
            context.begin(before)


def _until_tomorrow() -> float:
    """Return the seconds until the day changes in London, whose days the services use."""
    now = datetime.now(UTC)
    return max(0.1, (end_of(day_of(now)) - now).total_seconds())
