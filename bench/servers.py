"""Servers for the benchmarks: a PostgreSQL with durable commits, and services in processes of their own."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import create_async_engine

from bench.forks import Fork
from bench.load import load
from bench.machine import measured, others, put_on, put_on_all
from deploy.kafka.broker import Broker
from deploy.laptop.issuer import SigningKey
from deploy.postgres.server import EmbeddedPostgres
from libs.common.database.connection import Database
from libs.common.identity import Role

ISSUER = "https://issuer.bench.example"
AUDIENCE = "footprint-bench"
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Give a folder on the disk, and remove it in the end."""
    folder = Path(tempfile.mkdtemp(prefix="footprint-bench-"))
    folder.chmod(0o711)  # as root, PostgreSQL runs as another user, who has to pass
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Shared:
    """Servers for all benchmarks of a tiny run, whose figures mean nothing; who needs the broker starts it."""

    postgres: EmbeddedPostgres
    broker: Broker


_shared: list[Shared] = []
"""One within `sharing`, else none."""


def shared() -> Shared | None:
    """Return what is shared, if anything is."""
    return _shared[0] if _shared else None


@contextmanager
def sharing() -> Iterator[None]:
    """Let the benchmarks within this block share servers, which spare the disk, and fork processes."""
    with temporary_folder() as folder:
        settings = {"max_connections": "200", "fsync": "off", "full_page_writes": "off"}
        common = Shared(EmbeddedPostgres(folder / "postgres", settings), Broker(folder / "kafka"))
        try:
            common.postgres.start()
            _shared.append(common)
            yield
        finally:
            _shared.clear()
            common.broker.kill()
            common.postgres.stop()


@asynccontextmanager
async def postgres(
    folder: Path, *, apart: bool = True, everywhere: bool = False, settings: Mapping[str, str] | None = None
) -> AsyncIterator[EmbeddedPostgres]:
    """Run a PostgreSQL as it is delivered, with every commit on the disk; or give the one that is shared.

    `apart`: away from what is measured; `everywhere`: on every processor.
    """
    if (common := shared()) is not None:
        yield common.postgres
        return
    server = EmbeddedPostgres(folder / "postgres", {"max_connections": "200", **(settings or {})})
    try:
        await asyncio.to_thread(server.start)
        postmaster = int((server.data / "postmaster.pid").read_text().split("\n", 1)[0])
        if apart:
            put_on(others(), postmaster)
        if everywhere:
            put_on_all(postmaster)
        yield server
    finally:
        await asyncio.to_thread(server.stop)


async def new_database(server: EmbeddedPostgres, name: str, metadata: MetaData) -> str:
    """Make a database with these tables, owned by a plain role; return its URL."""

    def make() -> None:
        if shared() is not None:  # then another benchmark may have left one of this name
            server.run_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.ensure_role("bench")
        server.ensure_database(name, owner="bench")

    await asyncio.to_thread(make)
    url = server.dsn(name, "bench")
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()
    return url


class Callers:
    """An issuer of our own, for settings that trust it."""

    def __init__(self, folder: Path) -> None:
        self._key = SigningKey(folder)
        self._keys_file = folder / "keys.json"
        self._keys_file.write_text(json.dumps(self._key.public()))

    def settings(self, url: str) -> dict[str, str]:
        """Return the environment of a service that trusts these callers."""
        return {
            "DATABASE_URL": url,
            "TOKEN_ISSUER": ISSUER,
            "TOKEN_AUDIENCE": AUDIENCE,
            "JWKS_URL": f"file://{self._keys_file}",
        }

    def header(self, *roles: Role, organisations: Sequence[str] = ("*",), seconds: int = 3_600) -> str:
        """Return the header line of a caller with these roles, who acts for everybody unless said otherwise."""
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "bench", "iat": now, "nbf": now, "exp": now + seconds}
        token = self._key.sign({**claims, "roles": [str(role) for role in roles], "organisations": list(organisations)})
        return f"Authorization: Bearer {token}\r\n"


def free_port() -> int:
    """Return a port of this machine that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running(Protocol):
    """A process that was started."""

    @property
    def pid(self) -> int:
        """Its number."""

    @property
    def returncode(self) -> int | None:
        """What it ended with; None while it runs."""

    def kill(self) -> None:
        """End it as a crash does."""


def process(
    *arguments: str, log: Path, environment: Mapping[str, str] | None = None, pinned: bool = True
) -> AbstractAsyncContextManager[Running]:
    """Run `python` with these arguments until the block ends, on the processor for what is measured, or on all.

    Where servers are shared it is a fork instead, which starts sooner.
    """
    if shared() is not None:
        return _fork(*arguments, log=log, environment=environment or {})
    return _process(*arguments, log=log, environment=environment or {}, pinned=pinned)


@asynccontextmanager
async def _fork(
    option: str, module: str, *arguments: str, log: Path, environment: Mapping[str, str]
) -> AsyncIterator[Fork]:
    assert option == "-m"
    with log.open("ab") as output:
        started = Fork(
            module,
            *arguments,
            folder=Path.cwd(),
            output=output.fileno(),
            environment={**os.environ, **environment},
        )
    try:
        yield started
    finally:
        started.terminate()
        try:
            await asyncio.to_thread(started.wait, _STOP_SECONDS)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


@asynccontextmanager
async def _process(
    *arguments: str, log: Path, environment: Mapping[str, str], pinned: bool
) -> AsyncIterator[asyncio.subprocess.Process]:
    with log.open("ab") as output:
        started = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, env={**os.environ, **environment}, stdout=output, stderr=output
        )
    if pinned:
        put_on(measured(), started.pid)
    else:
        put_on_all(started.pid)
    try:
        yield started
    finally:
        with suppress(ProcessLookupError):
            started.terminate()
        try:
            await asyncio.wait_for(started.wait(), _STOP_SECONDS)
        except TimeoutError:
            started.kill()
            await started.wait()


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs: where it listens, and its process."""

    port: int
    pid: int

    async def load(
        self, figure: str, requests: Iterator[bytes], *, connections: int, seconds: float
    ) -> dict[str, float]:
        """Load it; return answers a second, and the microseconds of processor time that one answer took it.

        The second figure is the steadier one where the machine does other things too.
        """
        before, began = _processor_seconds(self.pid), time.perf_counter()
        rate = await load(self.port, requests, connections=connections, seconds=seconds)
        answers = rate * (time.perf_counter() - began)
        return {figure: rate, f"{figure}, processor": (_processor_seconds(self.pid) - before) / answers * 1e6}


def _processor_seconds(pid: int) -> float:
    """Return the processor time that a process has used, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def serving(
    arguments: Sequence[str],
    *,
    port: int,
    log: Path,
    environment: Mapping[str, str] | None = None,
    pinned: bool = True,
) -> AsyncIterator[Served]:
    """Run a server that listens on this port, from its first accepted connection on."""
    async with process(*arguments, log=log, environment=environment, pinned=pinned) as server:
        deadline = time.monotonic() + _START_SECONDS
        while not await _listens(port):
            if server.returncode is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{' '.join(arguments)} does not serve: see {log}")
            await asyncio.sleep(0.05)
        yield Served(port, server.pid)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def uvicorn(app: str, port: int, *, factory: bool = False) -> list[str]:
    """Return the arguments that serve one of `bench.apps`, as fast as uvicorn can."""
    fast = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    return ["-m", "uvicorn", f"bench.apps:{app}", "--port", str(port), *fast, *(["--factory"] if factory else [])]


@asynccontextmanager
async def registry(url: str, callers: Callers, *, log: Path) -> AsyncIterator[Served]:
    """Run the registry as it is run in production."""
    port = free_port()
    environment = {**callers.settings(url), "PORT": str(port)}
    async with serving(["-m", "services.registry", "serve"], port=port, log=log, environment=environment) as served:
        yield served


@asynccontextmanager
async def governance(url: str, silent: str, callers: Callers, *, log: Path, port: int) -> AsyncIterator[Served]:
    """Run governance as it is run in production; the three publishers that it hears have nothing to say."""
    logs = json.dumps(dict.fromkeys(("registry", "contracts", "finance"), silent))
    environment = {**callers.settings(url), "PORT": str(port), "LOG_URLS": logs}
    async with serving(["-m", "services.governance", "serve"], port=port, log=log, environment=environment) as served:
        yield served


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """Give an open database."""
    database = Database(url, application_name="footprint-bench")
    await database.open()
    try:
        yield database
    finally:
        await database.close()


async def sequenced(database: Database, *, within: float = 60.0) -> None:
    """Wait until everything that was told is in the event log."""
    deadline = time.monotonic() + within
    while await database.fetchrow("SELECT 1 FROM outbox LIMIT 1"):
        if time.monotonic() > deadline:
            raise RuntimeError(f"the outbox is not empty after {within:.0f} s")
        await asyncio.sleep(0.02)
