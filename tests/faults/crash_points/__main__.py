"""Kills a run at its crash points and compares: `python -m tests.faults.crash_points merger --every 10 --seed 1`."""

import argparse
import asyncio
import json
import logging
import os
import random
import signal
import sys
import tempfile
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from libs.common.messaging.bus.direct import DirectBus
from tests.faults.crash_points.boundaries import Boundaries
from tests.faults.crash_points.client import Client
from tests.faults.crash_points.runs import RUNS, Run, State
from tests.faults.normal_form import Content, checksums, differences, read_content
from tests.support.apps import create_idle, running_service
from tests.support.databases import OWNER, Databases, session_server
from tests.support.edge import Tokens
from tests.support.platform import SERVICES, Platform, schema

Urls = Mapping[str, str]
_LONGEST = 120


@dataclass
class Ground:
    """What every life of a run stands on: a server, an issuer, and the four databases as they were made ready."""

    databases: Databases
    tokens: Tokens
    folder: Path
    run: Run
    ready: dict[str, str] = field(default_factory=dict)
    """The databases that are copied, by service."""
    made: State = field(default_factory=dict)

    async def fresh(self) -> dict[str, str]:
        """Return the URLs of four new databases: empty ones, or copies of those made ready."""
        made = {}
        for name in SERVICES:
            template = self.ready.get(name) or await self.databases.template_for(name, schema(name))
            made[name] = self.databases.server.dsn(await self.databases.create(template), OWNER)
        return made

    async def dropped(self, urls: Urls) -> None:
        """Remove the databases."""
        for url in urls.values():
            await self.databases.drop(_database_of(url))

    def make_ready(self) -> None:
        """Let a process make ready what the run needs; from then on it begins there."""
        urls = asyncio.run(self.fresh())
        told = self._forked(lambda: asyncio.run(self._live(urls, self.folder / "ready", self.run.prepare)))
        self.made = told or {}
        self.ready = {name: _database_of(url) for name, url in urls.items()}

    def live(self, urls: Urls, journal: Path, *, last: int = 0) -> int | None:
        """Let a process run the run, to the boundary `last`; return how many it passed, None where it was killed there.

        The process is a fork of this one: everything is imported, and nothing is connected. RuntimeError where it
        failed.
        """

        def run() -> int:
            boundaries = Boundaries(last)
            boundaries.watch()
            asyncio.run(self._live(urls, journal, lambda platform: self.run.act(platform, self.made)))
            return boundaries.passed

        passed: int | None = self._forked(run)
        return passed

    def _forked(self, run: Callable[[], Any]) -> Any:
        """Return what `run` returns in a process of its own; None where that was killed."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            os._exit(_told(run, writing))
        os.close(writing)
        with os.fdopen(reading) as told:
            answer = told.read()
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            return None
        if os.waitstatus_to_exitcode(status) != 0:
            raise RuntimeError("a run failed, as said above")
        return json.loads(answer)

    async def _live(self, urls: Urls, journal: Path, act: Callable[[Platform], Awaitable[Any]]) -> Any:
        bus = DirectBus(urls)
        apps, clients = {}, {}
        async with asyncio.timeout(_LONGEST), AsyncExitStack() as stack:
            stack.push_async_callback(bus.close)
            for name in SERVICES:
                service = running_service(name, self.tokens.settings(urls[name]), bus)
                apps[name], clients[name] = await stack.enter_async_context(service)
            client = Client(self.tokens, apps, clients, journal=journal)
            told = await act(client)
            await client.caught_up()
        return told


def _told(run: Callable[[], Any], writing: int) -> int:
    try:
        os.write(writing, json.dumps(run()).encode())
    except BaseException:  # noqa: BLE001 - the parent is told by the code, and people by what is printed
        traceback.print_exc()
        return 1
    return 0


def _database_of(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


@contextmanager
def ground(run: Run) -> Iterator[Ground]:
    """Start a server and make all ready; end it afterwards."""
    with session_server() as server, tempfile.TemporaryDirectory() as folder:
        found = Ground(Databases(server), Tokens(Path(folder)), Path(folder), run)
        for name in SERVICES:
            create_idle(name, found.tokens.settings("postgresql+asyncpg:///none"), DirectBus({}))
        found.make_ready()
        yield found


def undisturbed(on: Ground) -> tuple[int, Content]:
    """Return how many crash points a run has that nothing kills, and what it leaves."""
    urls = asyncio.run(on.fresh())
    passed = on.live(urls, on.folder / "undisturbed")
    assert passed is not None
    content = asyncio.run(read_content(urls))
    asyncio.run(on.dropped(urls))
    return passed, content


def killed(on: Ground, last: int) -> Content:
    """Return what a run leaves that is killed at a crash point and started again."""
    urls, journal = asyncio.run(on.fresh()), on.folder / f"killed-{last}"
    if on.live(urls, journal, last=last) is None:
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
    with ground(RUNS[given.run]) as on:
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
