"""Previews one file in a process of its own, so that no upload takes the service's processor, memory or connections.

A preview parses a whole file and runs a whole import. In a thread it would take the interpreter from the requests
beside it, and could not be stopped; a process ends with the client that asked for it, and gives its memory back.
"""

import asyncio
import os
import resource
import signal
import sys
import tempfile
from contextlib import suppress
from datetime import date
from pathlib import Path

import asyncpg
from pydantic import BaseModel

from libs.common.database.connection import Database
from libs.common.http import csv_text
from libs.common.process.faults import is_passing
from services.registry.imports.files.source_file import SourceFile, recognised
from services.registry.imports.formats.catalogue import FORMS
from services.registry.imports.preview import output
from services.registry.imports.preview.preview import ImportPreview, preview_file
from services.registry.imports.report import FileRefused, excerpt
from services.registry.imports.views import (
    BodyPreviewView,
    ImportPreviewView,
    OddView,
    RefusedLineView,
    Verdict,
    VerdictCountView,
)

LONGEST_SECONDS = 120
"""Seconds after which a preview is given up; a larger file is for the command `import-ods FOLDER --preview`."""
MOST_MEMORY = 1_000_000_000
"""The most bytes of address space of a preview's process; about 400 MB of them are Python and its libraries."""

_REFUSED, _BUSY = 3, 4
_ROOT = Path(__file__).parents[4]
_LONGEST_REASON = 1_000

_UNREADABLE = (FileRefused, ValueError, OverflowError, asyncpg.DataError, asyncpg.ProgramLimitExceededError)
"""Errors of a file that has bytes that are no text, an impossible day, or a value that the database refuses."""


class PreviewBusy(Exception):
    """An import, or the preview of another process, did not end in time."""


class PreviewJob(BaseModel):
    """What is to be previewed, and what of it is to be shown."""

    database_url: str
    name: str
    stated_on: date | None
    today: date
    verdicts: frozenset[Verdict]
    limit: int
    as_csv: bool


async def preview_apart(job: PreviewJob, content: bytes) -> bytes:
    """Preview a file in a process of its own and return the answer, as JSON or CSV; cancelled, the process is ended.

    Raises FileRefused, PreviewBusy.
    """
    with tempfile.TemporaryDirectory(prefix="footprint-import-") as folder:
        path = Path(folder) / job.name
        await asyncio.to_thread(path.write_bytes, content)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", __name__, str(path)),
            cwd=_ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            answer, errors = await process.communicate(job.model_dump_json().encode())
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    match process.returncode:
        case 0:
            return answer
        case code if code == _REFUSED:
            raise FileRefused(answer.decode())
        case code if code == _BUSY:
            raise PreviewBusy
        case code if code in (-signal.SIGALRM, -signal.SIGKILL):
            raise FileRefused(f"it takes longer than {LONGEST_SECONDS} s or more memory than a preview may use")
        case code:
            raise RuntimeError(f"a preview ended with {code}: {errors.decode(errors='replace')}")


async def answer_of(job: PreviewJob, path: Path) -> bytes:
    """Preview the file at this path and return the answer. Raises FileRefused."""
    database = Database(job.database_url, application_name="footprint-registry-preview", pool_size=1)
    try:
        source = recognised(path, FORMS, stated_on=job.stated_on, most_bytes=64_000_000)
        async with database.begin() as session:
            preview = await preview_file(session, source, today=job.today)
    except _UNREADABLE as error:
        raise FileRefused(excerpt(str(error), _LONGEST_REASON)) from error
    finally:
        await database.close()
    bodies = [body for body in preview.bodies if body.verdict in job.verdicts]
    if job.as_csv:
        return csv_text.lines(output.HEADER, output.cells(bodies)).encode()
    shown = [BodyPreviewView.model_validate(body) for body in bodies[: job.limit]]
    return _view(source, preview, bodies=shown, matching=len(bodies), limit=job.limit).model_dump_json().encode()


def _view(
    source: SourceFile, preview: ImportPreview, *, bodies: list[BodyPreviewView], matching: int, limit: int
) -> ImportPreviewView:
    report = preview.report
    return ImportPreviewView(
        file=source.name,
        form=source.form.title,
        stated_on=source.day,
        lines=report.lines,
        facts=report.events,
        verdicts=[VerdictCountView(verdict=verdict, bodies=count) for verdict, count in preview.verdicts.items()],
        compared=len(preview.compared),
        as_expected=len(preview.compared) - len(preview.partings),
        bodies=bodies,
        bodies_left_out=matching - len(bodies),
        not_taken=[RefusedLineView.model_validate(one) for one in report.not_taken[:limit]],
        not_taken_left_out=max(0, len(report.not_taken) - limit),
        odd=[OddView.model_validate(one) for one in report.findings[:limit]],
        odd_left_out=max(0, len(report.findings) - limit) + report.findings_left_out,
    )


def main(arguments: list[str]) -> int:
    """Preview the file named by the argument by the job on standard input; write the answer and return the status."""
    os.nice(10)
    signal.alarm(LONGEST_SECONDS)
    with suppress(ValueError):  # macOS has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    job = PreviewJob.model_validate_json(sys.stdin.buffer.read())
    try:
        sys.stdout.buffer.write(asyncio.run(answer_of(job, Path(arguments[0]))))
    except FileRefused as refused:
        sys.stdout.buffer.write(str(refused).encode(errors="replace"))
        return _REFUSED
    except MemoryError:
        sys.stdout.buffer.write(b"it needs more memory than a preview may use")
        return _REFUSED
    except Exception as error:
        if not (is_passing(error) or isinstance(error, OSError)):
            raise
        return _BUSY
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
