"""Opens, serves, moves and drops branches, and removes what no branch names."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias

import asyncpg

from deploy.branches.assumptions import BranchKey, trust
from deploy.branches.bases import SERVICES, Base, Say, make_base, new_id
from deploy.branches.errors import BranchMoves, BranchNotFound, BranchNotOpen, BranchRefused, DayPassed, DayTooFar
from deploy.branches.recorder import Recorder
from deploy.branches.register import LIFE, Branch, Register, State
from deploy.branches.servers import BranchServer
from deploy.branches.sight import keep_base
from deploy.branches.steps import Journal
from deploy.branches.worlds import SettingsOf, World, seal
from libs.common.database.migrations import migrate
from libs.common.errors import DomainError, Reason
from libs.common.identity import Caller
from libs.common.process.clock import Clock
from libs.common.process.logs import logger

ANSWER_SECONDS = 20.0
"""Seconds for which opening or moving a branch is waited for; what takes longer is seen in the branch's state."""
_TIDY_EVERY_SECONDS = 3600
_USED_EVERY = timedelta(minutes=1)
_STOPPED = "the process ended while it was being opened"

Upgrade: TypeAlias = Callable[[str, str], Awaitable[None]]
"""Brings a service's database to the newest version."""
Beginning: TypeAlias = Callable[[World, Branch, Say], Awaitable[None]]
"""Does something in a fresh branch before anyone may enter it, and says how far it is."""

_log = logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many branches there may be, how long an idle one and any one stays, and how far ahead a clock goes.

    A branch may hold 40 connections of the 300 that its server has.
    """

    branches: int = 6
    idle: timedelta = timedelta(days=14)
    age: timedelta = timedelta(days=90)
    ahead: timedelta = timedelta(days=20 * 366)


class Branches:
    """All branches of one server; `life` has the URLs of the databases that they are copied from.

    `start` before use, `stop` after. One process at a time serves them.
    """

    def __init__(
        self,
        life: Mapping[str, str],
        server: BranchServer,
        settings_of: SettingsOf,
        limits: Limits | None = None,
        *,
        upgrade: Upgrade = migrate,
    ) -> None:
        self.server = server
        self.register = Register(server)
        self.recorder = Recorder(Journal(self.register), BranchKey())
        self.limits = limits or Limits()
        self._life, self._settings_of, self._upgrade = dict(life), settings_of, upgrade
        self._bases: dict[str, Base] = {}
        self._branches: dict[str, Branch] = {}
        self._worlds: dict[str, World] = {}
        self._starting: dict[str, asyncio.Lock] = {}
        self._copying = asyncio.Lock()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._tidying: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read the register, and remove what it does not name. Raises AlreadyServed."""
        await self.register.open()
        await self.recorder.journal.open()
        self._bases = {base.id: base for base in await self.register.bases()}
        for branch in await self.register.branches():
            self._branches[branch.name] = branch
            if branch.state is State.OPENING:
                await self._put(replace(branch, state=State.FAILED, progress="", failure=_STOPPED))
            elif branch.progress:
                await self._put(
                    replace(branch, progress="", failure=f"the process ended while it was {branch.progress}")
                )
        await self.tidy()
        self._tidying = asyncio.create_task(self._tidy_hourly())

    async def stop(self) -> None:
        """Cancel what is being done, and stop all services; what is open stays for the next start."""
        tasks = [*self._tasks.values(), *([self._tidying] if self._tidying else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for world in self._worlds.values():
            await world.stop()
        self._worlds.clear()
        await self.register.close()

    def of(self, by: Caller) -> list[Branch]:
        """Return the branches that this planner may enter, the oldest first."""
        return [branch for branch in self._branches.values() if by.acts_for(branch.bodies)]

    def get(self, name: str, by: Caller) -> Branch:
        """Return a branch that this planner may enter. Raises BranchNotFound."""
        branch = self._branches.get(name)
        if branch is None or not by.acts_for(branch.bodies):
            raise BranchNotFound(f"there is no branch {name} for bodies that you act for")
        return branch

    def base_of(self, branch: Branch) -> Base | None:
        """Return the base of a branch; None until it was cut."""
        return self._bases.get(branch.base) if branch.base else None

    def ends_at(self, branch: Branch) -> datetime:
        """Return when a branch is dropped at the latest: what it is of may have been copied before it was opened."""
        base = self.base_of(branch)
        return (branch.opened_at if base is None else min(branch.opened_at, base.cut_at)) + self.limits.age

    async def open(
        self, name: str, bodies: Collection[str], base: str | None, by: Caller, beginning: Beginning | None = None
    ) -> Branch:
        """Begin to open a branch, and return it as it is then; `opened` waits. Raises BranchRefused."""
        reasons: list[Reason] = []
        if (other := self._branches.get(name)) is not None:
            drop_it = ": it could not be opened, so drop it first" if other.state is State.FAILED else ""
            reasons.append(Reason(f"the name {name} is in use{drop_it}", "name"))
        if name == LIFE:
            reasons.append(Reason(f"{LIFE} is the name of what branches are copied from", "name"))
        if len(self._branches) >= self.limits.branches:
            reasons.append(Reason(f"there are {len(self._branches)} branches, as many as there may be"))
        if base is not None and base not in self._bases:
            reasons.append(Reason(_gone(base), "base"))
        if reasons:
            raise BranchRefused("; ".join(reason.message for reason in reasons), reasons=reasons)
        now = datetime.now(UTC)
        branch = Branch(
            id=new_id(),
            name=name,
            base=base,
            owner=by.subject,
            bodies=tuple(dict.fromkeys(bodies)),
            opened_at=now,
            used_at=now,
            day=Clock().today(),
            progress="waiting",
        )
        self._branches[name] = branch
        try:
            await self.register.add(branch)
        except BaseException as error:
            del self._branches[name]
            if isinstance(error, asyncpg.ForeignKeyViolationError):
                # Its last branch was dropped since it was looked for.
                raise BranchRefused(_gone(base), reasons=[Reason(_gone(base), "base")]) from error
            raise
        self._begin(name, self._open(branch, beginning))
        return branch

    async def opened(self, name: str, by: Caller) -> Branch:
        """Wait until the branch is open, no longer than ANSWER_SECONDS. Raises BranchNotOpen where it failed."""
        await self.arrived(name, within=ANSWER_SECONDS)
        branch = self.get(name, by)
        if branch.state is State.FAILED:
            raise BranchNotOpen(f"{branch.name} could not be opened: {branch.failure}")
        return branch

    async def arrived(self, name: str, *, within: float) -> None:
        """Wait until the branch is open, moved, or has failed; no longer than so many seconds."""
        if (task := self._tasks.get(name)) is not None:
            await asyncio.wait({task}, timeout=within)

    async def drop(self, branch: Branch) -> None:
        """Drop a branch and all that it was, and its base if no other branch has it."""
        await self._drop(branch)
        async with self._copying:
            await self._drop_unused_bases()

    async def _drop(self, branch: Branch) -> None:
        if (task := self._tasks.pop(branch.name, None)) is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        async with self._starting.setdefault(branch.id, asyncio.Lock()):
            if (world := self._worlds.pop(branch.id, None)) is not None:
                await world.stop()
            await self.server.drop(branch.databases)
            await self.register.remove(branch.id)
            if self._branches.get(branch.name, branch).id == branch.id:
                self._branches.pop(branch.name, None)
        self._starting.pop(branch.id, None)

    def running(self, branch: Branch) -> World | None:
        """Return the services of a branch; None where they are not started."""
        return self._worlds.get(branch.id)

    async def world(self, branch: Branch) -> World:
        """Return the services of a branch, started where they are not yet. Raises BranchNotOpen, BranchNotFound."""
        if branch.state is not State.OPEN:
            raise BranchNotOpen(f"{branch.name} is {branch.state}: {branch.failure or branch.progress}")
        await self._was_used(branch)
        if (world := self._worlds.get(branch.id)) is not None:
            return world
        async with self._starting.setdefault(branch.id, asyncio.Lock()):
            if (present := self._branches.get(branch.name)) is None or present.id != branch.id:
                raise BranchNotFound(f"{branch.name} was dropped")
            if branch.id not in self._worlds:
                await self._start(branch, migrated=False)
        return self._worlds[branch.id]

    async def move(self, branch: Branch, day: date) -> None:
        """Begin to move a branch's clock. Raises DayPassed, DayTooFar, BranchMoves, BranchNotOpen."""
        world = await self.world(branch)
        if world.is_moving or branch.name in self._tasks:
            raise BranchMoves(f"the clock of {branch.name} is being moved")
        last = Clock().today() + self.limits.ahead
        if day < world.today:
            raise DayPassed(f"{branch.name} is at {world.today}", reasons=[Reason(f"{day} is past", "day")])
        if day > last:
            raise DayTooFar(f"the last day is {last}", reasons=[Reason(f"{day} lies after {last}", "day")])
        # Without waiting in between: another request may ask for the same.
        self._branches[branch.name] = replace(self._branches[branch.name], progress=f"moving to {day}", failure="")
        self._begin(branch.name, self._move(branch.name, world, day))

    async def tidy(self) -> None:
        """Drop branches that are idle or too old, bases without a branch, and databases that neither names."""
        async with self._copying:
            now = datetime.now(UTC)
            idle = now - self.limits.idle
            for branch in [one for one in self._branches.values() if one.used_at < idle or self.ends_at(one) < now]:
                await self._drop(branch)
            await self._drop_unused_bases()
            named = {name for base in self._bases.values() for name in base.databases}
            named |= {
                name for each in self._branches.values() if each.state is not State.FAILED for name in each.databases
            }
            if left := set(await self.server.databases()) - named:
                _log.info("removed what no branch names", databases=sorted(left))
                await self.server.drop(left)

    def _begin(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks[name] = task
        task.add_done_callback(lambda _: self._tasks.pop(name, None) if self._tasks.get(name) is task else None)

    async def _open(self, branch: Branch, beginning: Beginning | None) -> None:
        try:
            async with self._copying:
                base = await self._base(branch)
                branch = replace(branch, base=base.id)
                await self._put(replace(branch, progress="copying the base"))
                urls = {name: await self.server.copy(base.database(name), branch.database(name)) for name in SERVICES}
            await seal(urls)
            await self._start(branch, migrated=True)
            if beginning is not None:
                await beginning(self._worlds[branch.id], branch, lambda progress: self._say(branch, progress))
            await self._put(replace(branch, state=State.OPEN, progress="", day=self._worlds[branch.id].today))
        except Exception as error:  # noqa: BLE001  (whatever it is, the branch says it)
            _log.warning("a branch could not be opened", branch=branch.name, error=repr(error))
            if (world := self._worlds.pop(branch.id, None)) is not None:
                await world.stop()
            await self.server.drop(branch.databases)
            await self._put(replace(branch, state=State.FAILED, progress="", failure=_words(error)))

    async def _base(self, branch: Branch) -> Base:
        if branch.base is not None and branch.base in self._bases:
            return self._bases[branch.base]
        base = await make_base(self._life, self.server, new_id(), say=lambda progress: self._say(branch, progress))
        await self.register.add_base(base)
        self._bases[base.id] = base
        return base

    def _say(self, branch: Branch, progress: str) -> None:
        self._branches[branch.name] = replace(branch, progress=progress)

    async def _start(self, branch: Branch, *, migrated: bool) -> None:
        urls = {name: self.server.url_of(branch.database(name)) for name in SERVICES}
        if not migrated:
            # This process may be of a newer release than the one that opened the branch.
            for name, url in urls.items():
                await self._upgrade(url, name)
            await keep_base(urls, is_fresh=False)
        world = World(f"/branches/{branch.name}", urls, self._settings_of, self._bases[str(branch.base)].ends)
        for app in world.apps.values():
            trust(app, self.recorder.key, branch.id, world.sight)
        await world.start()
        self._worlds[branch.id] = world
        if not migrated and world.today != branch.day:
            await self._put(replace(self._branches[branch.name], day=world.today))

    async def _move(self, name: str, world: World, day: date) -> None:
        def reached(on: date) -> None:
            self._branches[name] = replace(self._branches[name], day=on)

        failure = ""
        try:
            await self._put(self._branches[name])
            # Commands are of the day on which they were given: those without an answer come before the next one.
            await self.recorder.finish(world, self._branches[name].id)
            await world.move_to(day, reached=reached)
        except Exception as error:  # noqa: BLE001  (whatever it is, the branch says it)
            _log.warning("a branch could not be moved", branch=name, error=repr(error))
            failure = _words(error)
        await self._put(replace(self._branches[name], day=world.today, progress="", failure=failure))

    async def _put(self, branch: Branch) -> None:
        self._branches[branch.name] = branch
        await self.register.put(branch)

    async def _was_used(self, branch: Branch) -> None:
        now = datetime.now(UTC)
        if now - branch.used_at > _USED_EVERY and branch.name in self._branches:
            await self._put(replace(self._branches[branch.name], used_at=now))

    async def _drop_unused_bases(self) -> None:
        for base in await self.register.remove_unused_bases():
            self._bases.pop(base.id, None)
            await self.server.drop(base.databases)

    async def _tidy_hourly(self) -> None:
        while True:
            await asyncio.sleep(_TIDY_EVERY_SECONDS)
            try:
                await self.tidy()
            except Exception as error:  # noqa: BLE001  (whatever it is, it is tried again in an hour)
                _log.warning("could not remove what no branch names", error=repr(error))


def _gone(base: str | None) -> str:
    return f"there is no base {base}: it goes with its last branch"


def _words(error: Exception) -> str:
    """Return what a branch says about an error: a refusal's own words, of a fault its kind alone."""
    return error.message if isinstance(error, DomainError) else f"{type(error).__name__}: see the log of the process"
