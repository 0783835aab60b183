"""Kills a run at its crash points and compares: `python -m tests.faults.crash_points merger --every 10 --seed 1`."""

import argparse
import asyncio
import logging
import os
import random
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from libs.common.messaging.bus.direct import DirectBus
from tests.faults.crash_points.boundaries import Boundaries
from tests.faults.crash_points.client import Client
from tests.faults.crash_points.runs import RUNS
from tests.faults.normal_form import Content, checksums, differences, read_content
from tests.support.apps import create_idle, running_service
from tests.support.databases import OWNER, Databases, session_server
from tests.support.edge import Tokens
from tests.support.platform import SERVICES, schema

Urls = Mapping[str, str]
_LONGEST = 120


@dataclass
class Ground:
    """What every life of a run stands on: a server with templates of the four databases, and an issuer."""

    databases: Databases
    tokens: Tokens
    folder: Path
    run: str

    async def fresh(self) -> dict[str, str]:
        """Return the URLs of four new databases."""
        made = {}
        for name in SERVICES:
            database = await self.databases.create(await self.databases.template_for(name, schema(name)))
            made[name] = self.databases.server.dsn(database, OWNER)
        return made

    async def dropped(self, urls: Urls) -> None:
        """Remove the databases."""
        for url in urls.values():
            await self.databases.drop(url.partition("?")[0].rpartition("/")[2])

    def live(self, urls: Urls, journal: Path, *, last: int = 0) -> int:
        """Let a process run the run, to the boundary `last`; return how many it passed, -1 where it was killed there.

        The process is a fork of this one: everything is imported, and nothing is connected. RuntimeError where it
        failed.
        """
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            os._exit(self._lived(urls, journal, last, writing))
        os.close(writing)
        with os.fdopen(reading) as told:
            passed = told.read()
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            return -1
        if os.waitstatus_to_exitcode(status) != 0:
            raise RuntimeError(f"the run failed, as said above; it was to die at {last}")
        return int(passed)

    def _lived(self, urls: Urls, journal: Path, last: int, writing: int) -> int:
        boundaries = Boundaries(last)
        boundaries.watch()
        try:
            asyncio.run(self._run(urls, journal))
        except BaseException:  # noqa: BLE001 - the parent is told by the code, and people by what is printed
            traceback.print_exc()
            return 1
        os.write(writing, str(boundaries.passed).encode())
        return 0

    async def _run(self, urls: Urls, journal: Path) -> None:
        bus = DirectBus(urls)
        apps, clients = {}, {}
        async with asyncio.timeout(_LONGEST), AsyncExitStack() as stack:
            stack.push_async_callback(bus.close)
            for name in SERVICES:
                service = running_service(name, self.tokens.settings(urls[name]), bus)
                apps[name], clients[name] = await stack.enter_async_context(service)
            client = Client(self.tokens, apps, clients, journal)
            await RUNS[self.run](client)
            await client.caught_up()


@contextmanager
def ground(run: str) -> Iterator[Ground]:
    """Start a server; end it afterwards."""
    with session_server() as server, tempfile.TemporaryDirectory() as folder:
        found = Ground(Databases(server), Tokens(Path(folder)), Path(folder), run)
        for name in SERVICES:
            create_idle(name, found.tokens.settings("postgresql+asyncpg:///none"), DirectBus({}))
        yield found


def undisturbed(on: Ground) -> tuple[int, Content]:
    """Return how many crash points a run has that nothing kills, and what it leaves."""
    urls = asyncio.run(on.fresh())
    passed = on.live(urls, on.folder / "undisturbed")
    content = asyncio.run(read_content(urls))
    asyncio.run(on.dropped(urls))
    return passed, content


def killed(on: Ground, last: int) -> Content:
    """Return what a run leaves that is killed at a crash point and started again."""
    urls, journal = asyncio.run(on.fresh()), on.folder / f"killed-{last}"
    if on.live(urls, journal, last=last) == -1:
        on.live(urls, journal)
    content = asyncio.run(read_content(urls))
    asyncio.run(on.dropped(urls))
    return content


def main() -> int:
    """Kill a run at each of its crash points, or at some of them; return 1 where one ended otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.crash_points", description=__doc__)
    parser.add_argument("run", choices=RUNS)
    parser.add_argument("--every", type=int, default=1, help="one crash point of so many, drawn by the seed")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with ground(given.run) as on:
        count, expected = undisturbed(on)
        points = sorted(random.Random(given.seed).sample(range(1, count + 1), -(-count // given.every)))
        print(f"{given.run}: {count} crash points; {len(points)} are tried, by seed {given.seed}", flush=True)
        wrong = 0
        for number, point in enumerate(points, 1):
            found = killed(on, point)
            if checksums(found) != checksums(expected):
                wrong += 1
                print(f"killed at {point} it ended otherwise:\n{differences(expected, found)}", flush=True)
            if number % 10 == 0:
                print(f"{number} of {len(points)}, {wrong} otherwise", file=sys.stderr, flush=True)
    print(f"{given.run}: {len(points)} of {count} crash points tried, {wrong} ended otherwise")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
