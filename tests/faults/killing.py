"""The platform as a process that is killed at seeded moments of the demo's replay, and what it leaves behind."""

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import asyncpg

from deploy.kafka import Broker
from deploy.laptop.services import NAMES
from deploy.postgres.server import EmbeddedPostgres
from libs.common.database.connection import Database, dsn
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.rebuild import Rebuilt, rebuild
from libs.common.messaging.verification import Verification, verify
from tests.deploy.laptops import Runner
from tests.faults.normal_form import Content, read_content
from tests.support.platform import service

_POLL_SECONDS = 0.005
_PROGRESS = "SELECT count(*) FROM write_record WHERE operation <> 'move_clock'"
_LONGEST_LIFE = 900.0


@dataclass(frozen=True)
class Moment:
    """When a life of the platform ends: once so many writes are recorded in all, and so many seconds later.

    With no writes it ends so many seconds after its start, in the middle of recovering from the kill before.
    """

    writes: int
    seconds: float


def moments(seed: int, kills: int, writes: int) -> list[Moment]:
    """Choose moments all over a replay that records so many writes; two of them in the recovery from another kill."""
    chance = random.Random(seed)
    spread = kills - 2
    during = [
        Moment(int((n + chance.random()) / spread * writes * 0.98), 0.05 * chance.random()) for n in range(spread)
    ]
    for _ in range(2):
        during.insert(chance.randrange(1, len(during)), Moment(0, 2.5 * chance.random()))
    return during


class Life(Runner):
    """One life of the platform: at its end PostgreSQL lives on, unless it was killed too."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.program.kill()
        self.program.wait()
        self._listener.join()


class Progress:
    """How many writes the four services have recorded, asked past them."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._urls = urls
        self._connections: dict[str, asyncpg.Connection] = {}

    async def reaches(self, writes: int, runner: Life) -> None:
        """Return when so many writes are recorded. AssertionError where the platform ended before."""
        async with asyncio.timeout(_LONGEST_LIFE):
            while await self._writes() < writes:
                assert runner.program.poll() is None, f"it ended before {writes} writes: {''.join(runner.said)}"
                await asyncio.sleep(_POLL_SECONDS)

    async def close(self) -> None:
        """Let go of the connections, whether or not the server still lives."""
        for connection in self._connections.values():
            connection.terminate()
        self._connections.clear()

    async def _writes(self) -> int:
        """Return what is recorded; -1 where the databases do not answer, or are not made yet."""
        try:
            return sum([await self._writes_of(name) for name in self._urls])
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await self.close()
            return -1

    async def _writes_of(self, name: str) -> int:
        if name not in self._connections:
            self._connections[name] = await asyncpg.connect(dsn(self._urls[name]))
        return int(await self._connections[name].fetchval(_PROGRESS))


def kill_python(runner: Life) -> None:
    """Kill the Python process; PostgreSQL lives on."""
    assert runner.program.poll() is None, f"it ended by itself: {''.join(runner.said)}"
    runner.kill(with_postgres=False)


def kill_everything(runner: Life) -> None:
    """Kill the Python process, every process of PostgreSQL and the broker, at once as a power cut does."""
    assert runner.program.poll() is None, f"it ended by itself: {''.join(runner.said)}"
    broker = Broker(runner.folder / "kafka").pid
    processes = {runner.program.pid, *runner.postgres_processes, *([broker] if broker else [])}
    # None of them shall see another one's death and tidy up.
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for process in sorted(processes):
            _send(process, number)
    runner.program.wait()
    deadline = time.monotonic() + _LONGEST_LIFE
    while left := runner.postgres_processes:
        assert time.monotonic() < deadline, f"still there: {left}"
        for process in left:
            _send(process, signal.SIGKILL)


def _send(process: int, number: int) -> None:
    try:
        os.kill(process, number)
    except ProcessLookupError:
        return


def run_to_the_end(folder: Path, *options: str) -> str:
    """Load the demo, or what is missing of it, and stop; return what was said."""
    with Life(folder, "--port", "0", "--demo-only", *options) as runner:
        code = runner.ends(within=_LONGEST_LIFE)
        assert code == 0, "".join(runner.said)
        return "".join(runner.said)


async def kill_at(folder: Path, moment: Moment, *, everything: bool, options: Sequence[str] = ()) -> None:
    """Start the platform and kill it at this moment."""
    postgres = EmbeddedPostgres(folder / "postgres")
    progress = Progress({name: postgres.dsn(name) for name in NAMES})
    with Life(folder, "--port", "0", "--demo-only", *options) as runner:
        try:
            if moment.writes:
                await progress.reaches(moment.writes, runner)
            await asyncio.sleep(moment.seconds)
            (kill_everything if everything else kill_python)(runner)
        finally:
            await progress.close()


@dataclass(frozen=True)
class Legacy:
    """What a run left: every table, whether each log is whole, and each projection against its rebuild."""

    content: Content
    logs: Mapping[str, Verification]
    projections: Sequence[Rebuilt]

    def must_be_whole(self) -> None:
        """Every log verifies, and every projection is what the logs say."""
        assert all(log.is_whole for log in self.logs.values()), self.logs
        assert self.projections
        assert all(projection.is_equal for projection in self.projections), self.projections


async def legacy(folder: Path) -> Legacy:
    """Read what a run left in its folder."""
    postgres = EmbeddedPostgres(folder / "postgres")
    postgres.start()
    try:
        urls = {name: postgres.dsn(name) for name in NAMES}
        content = await read_content(urls)
        logs, projections = {}, []
        async with _opened(urls) as databases:
            bus = DirectBus(urls)
            for name, database in databases.items():
                logs[name] = await verify(database)
                if (subscriptions := service(name).subscriptions) is not None:
                    projections += [
                        await rebuild(database, bus, subscriptions, each) for each in subscriptions.projections
                    ]
            await bus.close()
        return Legacy(content, logs, projections)
    finally:
        postgres.stop()


@asynccontextmanager
async def _opened(urls: Mapping[str, str]) -> AsyncIterator[dict[str, Database]]:
    databases = {name: Database(url) for name, url in urls.items()}
    try:
        for database in databases.values():
            await database.open()
        yield databases
    finally:
        for database in databases.values():
            await database.close()
