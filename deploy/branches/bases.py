"""The cut: copies of the four databases in which no service has heard what its publisher's copy does not hold."""

import asyncio
import json
import os
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg

from deploy.branches.servers import BranchServer, for_programs
from libs.common.database.connection import ANSWER_SECONDS, dsn
from libs.common.errors import Conflict, Reason
from libs.common.events import Envelope

SERVICES = ("registry", "contracts", "finance", "governance")
BARRIER_SECONDS = 30.0
"""Seconds after which the barrier is given up: a consumer works on a batch that long, as during a large import."""
_LOCK_TIMEOUT = "200ms"
_PAUSE_SECONDS = 0.05
# No consumer moves on while it is held, and none that has moved is uncommitted: commands wait for nothing.
_BARRIER = "LOCK TABLE consumer_offset IN EXCLUSIVE MODE"
_SNAPSHOT = "SET idle_in_transaction_session_timeout = 0; BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_NEVER_LEAVES = {"governance": ("publisher", "name_read", "dossier_value")}
"""Tables whose rows are of life alone: how far the bus has come, and what erasing a person in life removes."""
_LEFT_OUT = "left out of branches"
# A new type of a column writes the table anew: an UPDATE would leave the names in it, and would run triggers.
FORGOTTEN = {
    "governance": f"""
ALTER TABLE public.person ALTER display_name TYPE text USING CASE WHEN display_name = '' THEN '' ELSE '{_LEFT_OUT}' END;
ALTER TABLE public.interest_words ALTER words TYPE text USING '{_LEFT_OUT}';
ALTER TABLE public.gift_words ALTER words TYPE text USING '{_LEFT_OUT}';
ALTER TABLE public.coercion_report ALTER words TYPE text USING '{_LEFT_OUT}';
ALTER TABLE public.act ALTER note TYPE text USING NULL, ALTER document TYPE text USING NULL;
"""
}
"""What is done in a copy before it is committed: names and private words, which life may erase, are in no branch.

Private words have a column `words` each.
"""
_TAIL_BYTES = 2_000

Say = Callable[[str], None]


class BarrierNotReached(Conflict):
    """The services did not pause at one moment.

    `reasons` name those whose consumers were at work all the time, as during an import. Drop the branch, and open it
    again when they have caught up.
    """


class BaseInconsistent(Conflict):
    """The copies are not of one moment.

    `reasons` name who has heard what its publisher's copy does not hold. No copy is left behind: drop the branch, and
    open it again.
    """


class CopyFailed(Conflict):
    """The databases could not be copied.

    `detail` names the service, and what PostgreSQL said. No copy is left behind: drop the branch, and open it again.
    """


@dataclass(frozen=True, slots=True)
class LogEnd:
    """Where a log ends in a copy: its epoch and last position; no epoch before the first event."""

    epoch: str = ""
    position: int = 0


@dataclass(frozen=True, slots=True)
class Hearer:
    """How far a service has heard a publisher: the position and epoch it keeps, and the epoch there in the copied log.

    `epoch_there` is None where the publisher's copy has no event at that position.
    """

    service: str
    source: str
    position: int
    epoch: str
    epoch_there: str | None


@dataclass(frozen=True, slots=True)
class Base:
    """One position of each log, and when it was cut."""

    id: str
    cut_at: datetime
    ends: Mapping[str, LogEnd] = field(default_factory=dict)

    def database(self, service: str) -> str:
        """Return the name of the database that has this service's copy."""
        return f"base_{self.id}_{service}"

    @property
    def databases(self) -> list[str]:
        """The databases of this base."""
        return [self.database(service) for service in SERVICES]

    def encoded(self) -> str:
        """Return the positions and epochs as JSON."""
        return json.dumps({service: [end.epoch, end.position] for service, end in self.ends.items()})

    @classmethod
    def decoded(cls, base_id: str, cut_at: datetime, ends: str) -> "Base":
        """Return the base that was encoded."""
        return cls(base_id, cut_at, {service: LogEnd(*end) for service, end in json.loads(ends).items()})


def new_id() -> str:
    """Return an id for a base or a branch, which is part of its databases' names."""
    return secrets.token_hex(5)


def inconsistencies(ends: Mapping[str, LogEnd], hearers: Sequence[Hearer]) -> list[Reason]:
    """Return in what the copies are not of one moment; empty where none has heard what its publisher does not hold."""
    reasons: list[Reason] = []
    for one in hearers:
        end = ends.get(one.source, LogEnd())
        if one.position > end.position:
            message = f"{one.service} has heard {one.source} up to {one.position}, whose copy ends at {end.position}"
            reasons.append(Reason(message, one.service))
        elif one.position and one.epoch_there != one.epoch:
            message = (
                f"{one.service} has heard position {one.position} of {one.source} in epoch {one.epoch}, "
                f"whose copy has it in {one.epoch_there or 'none'}"
            )
            reasons.append(Reason(message, one.service))
    return reasons


@asynccontextmanager
async def cut(life: Mapping[str, str], *, within: float = BARRIER_SECONDS) -> AsyncIterator[dict[str, str]]:
    """Yield a snapshot of each database, all of one moment between the consumers' transactions; held by the block.

    Raises BarrierNotReached where that moment does not come in time.
    """
    async with AsyncExitStack() as stack:
        lockers = await _connected(life, stack)
        readers = await _connected(life, stack)
        deadline = time.monotonic() + within
        while busy := await _lock(lockers):
            await _release(lockers)
            if time.monotonic() > deadline:
                reasons = [Reason(f"{service} was consuming events for {within:.0f} s", service) for service in busy]
                raise BarrierNotReached(f"{', '.join(busy)}: still consuming", reasons=reasons)
            await asyncio.sleep(_PAUSE_SECONDS)
        try:
            snapshots = await asyncio.gather(*(_snapshot(reader) for reader in readers.values()))
        finally:
            await _release(lockers)
        yield dict(zip(readers, snapshots, strict=True))


async def _connected(life: Mapping[str, str], stack: AsyncExitStack) -> dict[str, asyncpg.Connection]:
    settings = {"application_name": "footprint branches"}
    connections: dict[str, asyncpg.Connection] = {}
    for service, url in life.items():
        connection = await asyncpg.connect(dsn(url), server_settings=settings, timeout=ANSWER_SECONDS)
        stack.push_async_callback(connection.close, timeout=5)
        connections[service] = connection
    return connections


async def _lock(lockers: Mapping[str, asyncpg.Connection]) -> list[str]:
    """Lock in all databases at once; return those where it was not granted in time."""

    async def one(connection: asyncpg.Connection) -> bool:
        try:
            await connection.execute(f"BEGIN; SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'; {_BARRIER}")
        except asyncpg.LockNotAvailableError:
            return False
        return True

    granted = await asyncio.gather(*(one(connection) for connection in lockers.values()))
    return [service for service, is_granted in zip(lockers, granted, strict=True) if not is_granted]


async def _release(lockers: Mapping[str, asyncpg.Connection]) -> None:
    await asyncio.gather(*(connection.execute("ROLLBACK") for connection in lockers.values()))


async def _snapshot(reader: asyncpg.Connection) -> str:
    await reader.execute(_SNAPSHOT)
    snapshot: str = await reader.fetchval("SELECT pg_export_snapshot()")
    return snapshot


async def make_base(life: Mapping[str, str], server: BranchServer, base_id: str, *, say: Say) -> Base:
    """Copy the four databases as of one moment into databases that no session may enter; return the base.

    What fails or is cancelled leaves nothing. Raises BarrierNotReached, CopyFailed, BaseInconsistent.
    """
    base = Base(base_id, datetime.now(UTC))
    try:
        urls = {service: await server.ensure(base.database(service)) for service in SERVICES}
        say("waiting for one moment of all four services")
        async with cut(life) as snapshots:
            base = Base(base_id, datetime.now(UTC))
            say("copying the four databases")
            await _all(_copy(server, service, life[service], snapshots[service], urls[service]) for service in SERVICES)
        ends, hearers = await read_positions(urls)
        if reasons := inconsistencies(ends, hearers):
            raise BaseInconsistent("; ".join(reason.message for reason in reasons), reasons=reasons)
        await server.close_to_all(base.databases)
    except BaseException:
        await asyncio.shield(server.drop(base.databases))
        raise
    return Base(base_id, base.cut_at, ends)


async def _all(copies: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run these at once; where one fails, cancel the others and raise its error."""
    tasks = [asyncio.create_task(copy) for copy in copies]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _copy(server: BranchServer, service: str, life: str, snapshot: str, url: str) -> None:
    """Dump one database by its snapshot into an empty one, as one transaction. Raises CopyFailed."""
    source, source_environment = for_programs(life)
    target, target_environment = for_programs(url)
    flags = ("--no-owner", "--no-privileges", "--lock-wait-timeout=10s", f"--snapshot={snapshot}")
    left_out = [f"--exclude-table-data={table}" for table in _NEVER_LEAVES.get(service, ("publisher",))]
    dump = (str(server.programs / "pg_dump"), *flags, *left_out, f"--dbname={source}")
    once = ("-X", "-q", "-w", "-o", os.devnull, "-v", "ON_ERROR_STOP=1", "--single-transaction")
    restore = (
        str(server.programs / "psql"),
        *once,
        "-f",
        "-",
        "-c",
        FORGOTTEN.get(service, ""),
        "-c",
        "ANALYZE",
        "-d",
        target,
    )
    reading, writing = os.pipe()
    try:
        async with _program(dump, source_environment, stdout=writing) as dumping:
            os.close(writing)
            writing = -1
            async with _program(restore, target_environment, stdin=reading) as restoring:
                os.close(reading)
                reading = -1
                said = await asyncio.gather(_end_of(dumping), _end_of(restoring))
    finally:
        for end in {reading, writing} - {-1}:
            os.close(end)
    # A dump that ended early leaves a copy that is whole to psql: its own exit code counts too.
    failed = [words for process, words in zip((dumping, restoring), said, strict=True) if process.returncode != 0]
    if failed:
        raise CopyFailed(f"{service}: {'; '.join(failed)[-_TAIL_BYTES:]}")


@asynccontextmanager
async def _program(
    command: Sequence[str], environment: Mapping[str, str], **streams: int
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a program in a process group of its own, which ends with the block."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=dict(environment),
        stdin=streams.get("stdin", asyncio.subprocess.DEVNULL),
        stdout=streams.get("stdout", asyncio.subprocess.DEVNULL),
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # a group of its own too; uvloop makes no group otherwise
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await asyncio.shield(process.wait())


async def _end_of(process: asyncio.subprocess.Process) -> str:
    _, said = await process.communicate()
    return said.decode(errors="replace").strip()


async def read_positions(
    urls: Mapping[str, str], snapshots: Mapping[str, str] | None = None
) -> tuple[dict[str, LogEnd], list[Hearer]]:
    """Return where each log ends, and how far each service has heard the others; by `snapshots` if given."""
    async with AsyncExitStack() as stack:
        copies = await _connected(urls, stack)
        for service, snapshot in (snapshots or {}).items():
            await copies[service].execute(f"{_SNAPSHOT}; SET TRANSACTION SNAPSHOT '{snapshot}'")
        ends: dict[str, LogEnd] = {}
        for service, copy in copies.items():
            row = await copy.fetchrow("SELECT epoch::text, last_position FROM sequencer_state")
            ends[service] = LogEnd(row["epoch"], row["last_position"]) if row else LogEnd()
        hearers = [
            Hearer(service, row["source"], row["source_position"], row["epoch"], await _epoch_at(copies, row))
            for service, copy in copies.items()
            for row in await copy.fetch("SELECT source, source_position, epoch FROM consumer_offset ORDER BY source")
        ]
    return ends, hearers


async def _epoch_at(copies: Mapping[str, asyncpg.Connection], heard: asyncpg.Record) -> str | None:
    log = copies.get(heard["source"])
    if log is None:
        return None
    body = await log.fetchval("SELECT body FROM event_log WHERE position = $1", heard["source_position"])
    return Envelope.decode(body).epoch if body is not None else None
