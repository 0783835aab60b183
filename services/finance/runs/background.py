"""Computes queued runs one after the other, each in a process of its own, which ends with this one."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.audit import record_write
from libs.common.database.connection import Database, raw
from libs.common.identity import Caller, service_caller
from libs.common.process import context
from libs.common.process.clock import Clock
from libs.common.process.faults import pause
from libs.common.process.logs import logger
from libs.common.process.tasks import Alive, Run
from libs.common.service.settings import Settings
from services.finance.runs import queue
from services.finance.runs.queue import MOST_TRIES, RunJob

_LOOKS_A_SECOND, _SAY_SECONDS = 2, 1
_ROOT = Path(__file__).parents[3]
_MOST_BYTES = 2**26
"""The longest line that a process prints: a result."""

_log = logger(__name__)

Finish = Callable[[AsyncSession, RunJob, str, date, datetime, Caller], Awaitable[None]]
"""Does what follows from a result, in the transaction that stores it: the run, its result, today, now, the caller."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of run: the module that `python -m` starts, and what follows from its result (None: nothing)."""

    worker: str
    finish: Finish | None = None


@dataclass(slots=True)
class _Output:
    """What a run's process printed, whether it ended by itself, and why its run can have no result."""

    result: str | None = None
    is_over: bool = False
    errors: str = ""
    fault: str = ""


def runs(kinds: Mapping[str, Kind]) -> Callable[[Database, Clock, Settings], Run]:
    """Return the background task that computes runs of these kinds, one at a time."""

    def task(database: Database, clock: Clock, _: Settings) -> Run:
        async def run(stop: asyncio.Event, alive: Alive) -> None:
            while not stop.is_set():
                job = await queue.claim(database, kinds)
                alive()
                if job is None:
                    await pause(1 / _LOOKS_A_SECOND, stop)
                elif job.tries > MOST_TRIES:
                    await queue.fail(database, job, f"its process ended {MOST_TRIES} times without a result")
                elif await queue.is_computed(database, job.digest):
                    await _finish(database, clock, kinds[job.kind], job, None)
                else:
                    await _compute(database, clock, kinds[job.kind], job, stop)

        return run

    return task


async def _compute(database: Database, clock: Clock, kind: Kind, job: RunJob, stop: asyncio.Event) -> None:
    """Compute a run in a process; kill it when the service stops or the run is cancelled."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", kind.worker),
        cwd=_ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_MOST_BYTES,
    )
    try:
        output = await _watched(database, job, process, stop)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if output.fault:
        _log.error("a run's process was killed", run=job.reference, fault=output.fault, errors=output.errors)
        await queue.fail(database, job, output.fault)
    elif output.result is not None:
        await _finish(database, clock, kind, job, output.result)
    elif output.is_over:
        _log.error("a run's process ended", run=job.reference, code=process.returncode, errors=output.errors)
        await queue.wait_again(database, job, tried=True)
    elif stop.is_set():
        await queue.wait_again(database, job, tried=False)


async def _watched(
    database: Database, job: RunJob, process: asyncio.subprocess.Process, stop: asyncio.Event
) -> _Output:
    """Pass on how far the process is; return what it printed, and whether it ended by itself."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    latest: str | None = None
    output = _Output()

    async def listen(lines: asyncio.StreamReader) -> None:
        nonlocal latest
        try:
            async for line in lines:
                given = json.loads(line)
                if "answer" in given:
                    output.result = json.dumps(given["answer"])
                else:
                    latest = line.decode()
        except json.JSONDecodeError:
            output.fault = "its process printed what is no JSON"
        except ValueError:
            # asyncio's word for a line beyond the limit, whose first part is gone.
            output.fault = f"its result is longer than {_MOST_BYTES} bytes"
        # It may have ended by now, and what has ended cannot be killed.
        if output.fault and process.returncode is None:
            process.kill()

    # The pipe stays open: by its end the process sees that this one is gone.
    process.stdin.write(job.inputs.encode() + b"\n")
    with suppress(ConnectionError):
        await process.stdin.drain()
    listening = asyncio.gather(listen(process.stdout), process.stderr.read(), process.wait())
    while not listening.done():
        await asyncio.wait({listening}, timeout=_SAY_SECONDS)
        if not listening.done() and (stop.is_set() or not await queue.say(database, job, latest)):
            if process.returncode is None:
                process.kill()
            await listening
            return _Output()
    _, errors, _ = listening.result()
    output.is_over, output.errors = True, errors.decode(errors="replace")
    return output


async def _finish(database: Database, clock: Clock, kind: Kind, job: RunJob, result: str | None) -> None:
    """Store the result and do what follows, all in one transaction, under the request that asked for it."""
    by = service_caller("finance")
    before = context.origin()
    context.begin(context.Origin(actor=by.subject, correlation=job.origin, causation=job.origin))
    try:
        async with database.begin() as session:
            stored = await queue.finish(await raw(session), job, result)
            if stored is not None:
                if kind.finish is not None:
                    await kind.finish(session, job, stored, clock.today(), clock.stated_at(), by)
                    await session.flush()
                await record_write(session, by, f"run {job.reference}")
    finally:
        context.begin(before)
