"""Kills runs at their crash points and compares: `python -m tests.faults.crash_points merger --every 10 --seed 1`."""

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
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import structlog
import uvloop

from libs.common.messaging.bus.direct import DirectBus
from tests.faults.crash_points.boundaries import Boundaries
from tests.faults.crash_points.client import Client, StageOver
from tests.faults.crash_points.runs import RUNS, Run, State
from tests.faults.normal_form import Content, checksums, differences, read_content
from tests.support.apps import create_idle, running_service
from tests.support.databases import OWNER, Databases, session_server
from tests.support.edge import Tokens
from tests.support.platform import SERVICES, Platform, schema

Urls = Mapping[str, str]
_LONGEST = 120
_FEWEST = 20
"""A stage ends where all events were heard, with so many crash points at least: it costs a start and a copy."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of a run that nothing killed, from and to a moment at which every event has been heard.

    It begins on databases that are copied, with a client who was answered what the journal says. It ends after so many
    calls, with the content that it left.
    """

    ready: Urls
    journal: bytes
    calls: int
    points: int
    left: Content


@dataclass(frozen=True, slots=True)
class Lived:
    """How many crash points a process passed, after how many calls it ended, and whether the run had ended by then."""

    points: int
    calls: int
    is_whole: bool


@dataclass
class Ground:
    """What every life of a run stands on: a server, an issuer, and the databases as they were made ready."""

    databases: Databases
    tokens: Tokens
    folder: Path
    run: Run
    made: State = field(default_factory=dict)

    async def made_ready(self) -> dict[str, str]:
        """Return the URLs of the databases that a run begins with, once a process has filled them."""
        urls = {}
        for name in SERVICES:
            template = await self.databases.template_for(name, schema(name))
            urls[name] = self.databases.server.dsn(await self.databases.create(template), OWNER)
        told = _forked(lambda: asyncio.run(self._live(urls, self.folder / "ready", self.run.prepare))[0])
        self.made = told or {}
        return urls

    async def copied(self, ready: Urls) -> dict[str, str]:
        """Return the URLs of copies of these databases."""
        create, dsn = self.databases.create, self.databases.server.dsn
        return {name: dsn(await create(_database_of(url)), OWNER) for name, url in ready.items()}

    async def dropped(self, urls: Urls) -> None:
        """Remove the databases."""
        for url in urls.values():
            await self.databases.drop(_database_of(url))

    def live(self, urls: Urls, journal: Path, is_over: Callable[[int, int], bool], *, last: int = 0) -> Lived | None:
        """Let a process run the run until a stage is over, by its calls and its crash points; None where it was killed.

        It is killed at the crash point `last`. The process is a fork of this one: everything is imported, and nothing
        is connected. RuntimeError where it failed.
        """

        def run() -> dict[str, Any]:
            boundaries = Boundaries(last)
            boundaries.watch()

            def over(calls: int) -> bool:
                return is_over(calls, boundaries.passed)

            told, client = asyncio.run(self._live(urls, journal, lambda one: self.run.act(one, self.made), over))
            return asdict(Lived(boundaries.passed, client.calls, is_whole=told is not StageOver))

        told = _forked(run)
        return None if told is None else Lived(**told)

    async def _live(
        self,
        urls: Urls,
        journal: Path,
        act: Callable[[Platform], Awaitable[Any]],
        is_over: Callable[[int], bool] = lambda _: False,
    ) -> tuple[Any, Client]:
        bus = DirectBus(urls)
        apps, clients = {}, {}
        async with asyncio.timeout(_LONGEST), AsyncExitStack() as stack:
            stack.push_async_callback(bus.close)
            for name in SERVICES:
                service = running_service(name, self.tokens.settings(urls[name]), bus)
                apps[name], clients[name] = await stack.enter_async_context(service)
            client = Client(self.tokens, apps, clients, journal=journal, is_over=is_over)
            try:
                told = await act(client)
                client.is_over = lambda _: False
                await client.caught_up()
            except StageOver:
                told = StageOver
        return told, client


def _forked(run: Callable[[], Any]) -> Any:
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
def ground() -> Iterator[Callable[[Run], Ground]]:
    """Start a server and make all ready; end it afterwards."""
    with session_server() as server, tempfile.TemporaryDirectory() as folder:
        databases, tokens = Databases(server), Tokens(Path(folder))
        for name in SERVICES:
            create_idle(name, tokens.settings("postgresql+asyncpg:///none"), DirectBus({}))
        yield lambda run: Ground(databases, tokens, Path(tempfile.mkdtemp(dir=folder)), run)


def undisturbed(on: Ground) -> list[Stage]:
    """Return the stages of a run that nothing kills."""
    ready, journal, stages = asyncio.run(on.made_ready()), on.folder / "undisturbed", list[Stage]()
    while True:
        urls, before = asyncio.run(on.copied(ready)), journal.read_bytes() if journal.exists() else b""
        lived = on.live(urls, journal, lambda _, points: points >= _FEWEST)
        assert lived is not None
        stages.append(Stage(ready, before, lived.calls, lived.points, asyncio.run(read_content(urls))))
        if lived.is_whole:
            return stages
        ready = urls


def killed(on: Ground, stage: Stage, last: int) -> tuple[Content, bool]:
    """Return what a stage leaves that is killed at a crash point and started again; and whether it came to that point.

    What follows need not be tried again: it would begin with the same.
    """
    urls, journal = asyncio.run(on.copied(stage.ready)), on.folder / "killed"
    journal.write_bytes(stage.journal)

    def is_over(calls: int, _: int) -> bool:
        return calls >= stage.calls

    died = on.live(urls, journal, is_over, last=last) is None
    if died:
        on.live(urls, journal, is_over)
    content = asyncio.run(read_content(urls))
    asyncio.run(on.dropped(urls))
    return content, died


def drawn(stages: Sequence[Stage], every: int, seed: int) -> list[tuple[Stage, int]]:
    """Return one crash point of so many, drawn by a seed: its stage, and its number in that."""
    points = [(stage, number) for stage in stages for number in range(1, stage.points + 1)]
    numbers = sorted(random.Random(seed).sample(range(len(points)), -(-len(points) // every)))
    return [points[number] for number in numbers]


def tried(on: Ground, name: str, every: int, seed: int) -> int:
    """Kill a run at its crash points; return how many ended otherwise."""
    stages = undisturbed(on)
    count, points = sum(stage.points for stage in stages), drawn(stages, every, seed)
    sizes = ", ".join(str(stage.points) for stage in stages)
    print(f"{name}: {count} crash points ({sizes}); {len(points)} are tried, by seed {seed}", flush=True)
    wrong = missed = 0
    for number, (stage, point) in enumerate(points, 1):
        found, died = killed(on, stage, point)
        missed += not died
        if checksums(found) != checksums(stage.left):
            wrong += 1
            where = f"{point} of stage {stages.index(stage) + 1}"
            print(f"killed at {where} it ended otherwise:\n{differences(stage.left, found)}", flush=True)
        if number % 10 == 0:
            print(f"{number} of {len(points)}, {wrong} otherwise", file=sys.stderr, flush=True)
    print(f"{name}: {len(points)} of {count} crash points tried, {missed} not come to, {wrong} ended otherwise")
    return wrong


def main() -> int:
    """Kill runs at each of their crash points, or at some of them; return 1 where one ended otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.crash_points", description=__doc__)
    parser.add_argument("runs", choices=RUNS, nargs="+")
    parser.add_argument("--every", type=int, nargs="+", default=[1], help="one of so many, of each run, by the seed")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    with ground() as on:
        wrong = [tried(on(RUNS[name]), name, each, given.seed) for name, each in zip(given.runs, cycle(given.every))]
    return 1 if any(wrong) else 0


if __name__ == "__main__":
    sys.exit(main())
