"""One branch served: four apps on copies of their databases, on the direct bus and on one clock.

Nothing leaves it, by two locks: its bus reads the copies alone and has no publisher, and the process that runs it
refuses to connect to anything but what `egress` lists.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import import_module

from fastapi import FastAPI
from starlette.routing import Mount, Router

from deploy.branches.bases import SERVICES, LogEnd
from deploy.branches.sight import Sight, keep_base
from libs.common.database.connection import Database
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.event_log import new_epoch
from libs.common.process.clock import Clock
from libs.common.service.app import Service, stop
from libs.common.service.clock_row import keep_moved
from libs.common.service.due_work import DueWork
from libs.common.service.settings import Settings

LONGEST_STRIDE = 31
"""The most days that are looked ahead at once for what is due. What is due after one day and no longer after a later
one, such as a post that stays vacant for a week, may be passed over within a stride."""
_PATIENCE_SECONDS = 120.0
_POLL_SECONDS = 0.005
_OWN_OF_LIFE = """
DELETE FROM publisher;
DELETE FROM webhook;
UPDATE consumer_offset SET next_offset = source_position + 1 WHERE source_position > 0;
"""
"""A bus may count otherwise than the publishers' logs do, which the consumers of a branch read."""
_STANDING = """
SELECT (SELECT count(*) FROM outbox) AS waiting,
       (SELECT last_position FROM sequencer_state) AS last,
       (SELECT coalesce(json_object_agg(source, source_position), '{}')::text FROM consumer_offset) AS heard
"""

SettingsOf = Callable[[str, str], Settings]
"""Returns the settings of a service on a database, with life's issuer."""


class NotCaughtUp(Exception):
    """The services of a branch did not consume each other's events in time; the message says where they are."""


async def first_due(is_due_by: Callable[[date], Awaitable[bool]], after: date, until: date) -> date | None:
    """Return the first day after one and up to another by which something is due; None where nothing is.

    It looks ahead by strides that double up to LONGEST_STRIDE, then between the last two: most is due soon.
    """
    low, stride = after, 1
    while low < until:
        high = min(until, low + timedelta(days=stride))
        if await is_due_by(high):
            break
        low, stride = high, min(2 * stride, LONGEST_STRIDE)
    else:
        return None
    while (high - low).days > 1:
        middle = low + (high - low) // 2
        if await is_due_by(middle):
            high = middle
        else:
            low = middle
    return high


async def seal(urls: Mapping[str, str]) -> None:
    """Make fresh copies a branch's own: epochs that are no other log's, and nothing that is of life alone."""
    for url in urls.values():
        database = Database(url, pool_size=1)
        try:
            await new_epoch(database)
            async with database.connect() as connection:
                await connection.execute(_OWN_OF_LIFE)
        finally:
            await database.close()
    await keep_base(urls, is_fresh=True)


@dataclass(frozen=True, slots=True)
class _Standing:
    """How far a service is: events in its outbox, the end of its log, and what it has consumed from whom."""

    waiting: int
    last: int
    heard: str


@dataclass(frozen=True, slots=True)
class _LookedAhead:
    """What was found to be due first of a service up to a day, at that standing; `day` is None if nothing was."""

    standing: _Standing
    until: date
    day: date | None

    def still_holds(self, standing: _Standing, today: date, until: date) -> bool:
        """Whether it answers what is due first after today and up to `until`."""
        return self.standing == standing and (until <= self.until if self.day is None else today < self.day)


class World:
    """The services of one branch, below `prefix`; `base` is where its logs ended. `start` before use, `stop` after."""

    def __init__(
        self, prefix: str, urls: Mapping[str, str], settings_of: SettingsOf, base: Mapping[str, LogEnd]
    ) -> None:
        self.prefix = prefix
        self._urls = dict(urls)
        bus = DirectBus(self._urls)
        self._stack = AsyncExitStack()
        self._stack.push_async_callback(bus.close)
        self.apps: dict[str, FastAPI] = {
            name: import_module(f"services.{name}.app").create_app(settings_of(name, self._urls[name]), bus)
            for name in SERVICES
        }
        self.sight = Sight({name: self._database(name) for name in SERVICES}, base)
        self.routes = Router([Mount(f"{prefix}/{name}", app) for name, app in self.apps.items()])
        self._moving = asyncio.Lock()
        self._due: dict[str, _LookedAhead] = {}

    async def start(self) -> None:
        """Enter the lifespan of every service."""
        try:
            for app in self.apps.values():
                await self._stack.enter_async_context(app.router.lifespan_context(app))
            if len({self._clock(name).moved_to for name in SERVICES}) > 1:
                # A process that was killed while it set them: they are set in this order, the first one goes ahead.
                await self._set_clocks(self.today)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End the long polls, and leave the lifespans."""
        for app in self.apps.values():
            stop(app)
        await self._stack.aclose()

    @property
    def is_moving(self) -> bool:
        """Whether its clock is being moved: no command is taken meanwhile."""
        return self._moving.locked()

    @property
    def today(self) -> date:
        """The day that its clock shows."""
        return self._clock(SERVICES[0]).today()

    async def move_to(self, day: date, *, reached: Callable[[date], None] = lambda _: None) -> None:
        """Move the clock from due day to due day: on each, all services do what is due and consume each other's events.

        `reached` is called with each of these days. Raises NotCaughtUp.
        """
        async with self._moving:
            self._due.clear()  # a command may have made something due and published nothing
            await self._do_all(self.today)
            while self.today < day:
                following = await self._next_due(day) or day
                await self._set_clocks(following)
                await self._do_all(following)
                reached(following)

    async def catch_up(self) -> None:
        """Wait until all events are in the logs, and each service has heard those of the others. Raises NotCaughtUp."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while behind := await self._behind():
            if time.monotonic() > deadline:
                raise NotCaughtUp(behind)
            await asyncio.sleep(_POLL_SECONDS)

    def _database(self, name: str) -> Database:
        database: Database = self.apps[name].state.database
        return database

    def _clock(self, name: str) -> Clock:
        clock: Clock = self.apps[name].state.clock
        return clock

    def _due_work(self, name: str) -> DueWork | None:
        work: DueWork | None = self.apps[name].state.due_work
        return work

    async def _set_clocks(self, day: date) -> None:
        for name in SERVICES:
            async with self._database(name).begin() as session:
                await keep_moved(session, day)
        for name in SERVICES:
            self._clock(name).moved_to = day

    async def _do_all(self, day: date) -> None:
        """Do what is due by a day in all services, and again what events of that day made due, until nothing is."""
        await self.catch_up()
        done = 1
        while done:
            done = 0
            # The registry last: its events of a day reach the others when it is that day for them too.
            for name in reversed(SERVICES):
                if (work := self._due_work(name)) is not None:
                    done += await work.run_up_to(day)
            await self.catch_up()

    async def _next_due(self, until: date) -> date | None:
        """Return the first day up to this one on which any service has something to do."""
        first: date | None = None
        for name in SERVICES:
            found = await self._next_due_of(name, first or until)
            first = found or first
        return first

    async def _next_due_of(self, name: str, until: date) -> date | None:
        work = self._due_work(name)
        if work is None:
            return None
        standing = await self._standing(name)
        known = self._due.get(name)
        if known is not None and known.still_holds(standing, self.today, until):
            return known.day if known.day is not None and known.day <= until else None
        found = await first_due(work.is_due_by, self.today, until)
        self._due[name] = _LookedAhead(standing, until, found)
        return found

    async def _standing(self, name: str) -> _Standing:
        row = await self._database(name).fetchrow(_STANDING)
        assert row is not None
        return _Standing(row["waiting"], row["last"] or 0, row["heard"])

    async def _behind(self) -> str:
        """Return where a service is behind; empty where none is.

        Each standing is of one snapshot: a service that has heard all has published all that it did about it.
        """
        standings = {name: await self._standing(name) for name in SERVICES}
        for name, standing in standings.items():
            if standing.waiting:
                return f"{name} has events to publish{self._deaths(name)}"
            heard = json.loads(standing.heard)
            service: Service = self.apps[name].state.service
            late = [source for source in service.hears if heard.get(source, 0) < standings[source].last]
            if late:
                return f"{name} has not heard all of {', '.join(late)}{self._deaths(name)}"
        return ""

    def _deaths(self, name: str) -> str:
        return "".join(
            f"; its {task} died of {death.error}" for task, death in self.apps[name].state.tasks.dead.items()
        )
