"""Runs waiting previews one after the other, each in a process of its own, which ends with this one."""

import asyncio
import sys
from pathlib import Path

from libs.common.database.connection import Database
from libs.common.process.clock import Clock
from libs.common.process.logs import logger
from libs.common.process.tasks import Alive, Run
from libs.common.service.settings import Settings
from services.registry.imports.preview import queue
from services.registry.imports.preview.queue import MOST_TRIES, PreviewJob
from services.registry.imports.preview.worker import BUSY, DISTURBED, DONE, REFUSED, WITHDRAWN, WorkerJob
from services.registry.imports.report import excerpt
from services.registry.imports.views import PreviewState

UPLOADS = frozenset({"/v1/imports/previews"})
"""The paths that take files: their bodies are limited by MAX_UPLOAD_BYTES."""

_LOOK_AGAIN_SECONDS, _SAY_SECONDS = 2, 1
_ROOT = Path(__file__).parents[4]
_LONGEST_REASON = 1_000

_log = logger(__name__)


def previews(database: Database, clock: Clock, settings: Settings) -> Run:
    """Return the background task of the registry's previews."""

    async def run(stop: asyncio.Event, alive: Alive) -> None:
        signal = queue.signal_of(database)
        while not stop.is_set():
            seen = signal.count
            job = await queue.claim(database)
            alive()
            if job is None:
                await signal.wait(seen, within=_LOOK_AGAIN_SECONDS, stop=stop)
            elif job.tries > MOST_TRIES:
                await queue.end(database, job.id, PreviewState.FAILED, f"its process ended {MOST_TRIES} times")
            else:
                given = WorkerJob(
                    **job.model_dump(),
                    database_url=database.url,
                    today=clock.today(),
                    most_bytes=settings.max_unpacked_bytes,
                )
                await _run(database, given, stop)

    return run


async def _run(database: Database, job: WorkerJob, stop: asyncio.Event) -> None:
    """Run a preview in a process; end it when the service stops, or it is withdrawn."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.registry.imports.preview.worker"),
        cwd=_ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        is_over = await _watched(database, job, process, stop)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if not is_over and stop.is_set():
        await queue.wait_again(database, job.id)


async def _watched(
    database: Database, job: WorkerJob, process: asyncio.subprocess.Process, stop: asyncio.Event
) -> bool:
    """Pass on how far the process is, until it ends; return whether it did, and not the service or the asker."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    latest = ""

    async def listen(lines: asyncio.StreamReader) -> None:
        nonlocal latest
        async for line in lines:
            latest = line.decode(errors="replace").strip()

    process.stdin.write(job.model_dump_json().encode())
    process.stdin.close()
    listening = asyncio.gather(listen(process.stdout), process.stderr.read(), process.wait())
    while not listening.done():
        await asyncio.wait({listening}, timeout=_SAY_SECONDS)
        if not listening.done() and (stop.is_set() or not await queue.say(database, job.id, latest or None)):
            process.kill()
            await listening
            return False
    _, errors, code = listening.result()
    await _note_end(database, job, code, errors.decode(errors="replace"))
    return True


async def _note_end(database: Database, job: PreviewJob, code: int, errors: str) -> None:
    if code == REFUSED:
        await queue.end(database, job.id, PreviewState.REFUSED, excerpt(errors, _LONGEST_REASON))
    elif code in (BUSY, DISTURBED):
        await queue.wait_again(database, job.id, tried=code == DISTURBED)
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
    elif code not in (DONE, WITHDRAWN):
        _log.error("a preview failed", file=job.file, code=code, errors=errors)
        reason = "it took too long or needed too much memory, or the import has a fault, which is in the log"
        await queue.end(database, job.id, PreviewState.FAILED, reason)
