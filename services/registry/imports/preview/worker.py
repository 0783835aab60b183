"""Previews one file in a process of its own, so that no upload takes the service's processor, memory or connections.

A preview parses a whole file and runs a whole import. In a thread it would take the interpreter from the requests
beside it, and could not be stopped; a process ends with the service, and gives its memory back.
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

from libs.common.database.connection import Database, raw
from libs.common.process.faults import is_passing
from services.registry.imports.files.source_file import Given, recognised
from services.registry.imports.formats.catalogue import FORMS
from services.registry.imports.preview import queue
from services.registry.imports.preview.models import PreviewPart
from services.registry.imports.preview.preview import ImportPreview, NotOnesTurn, preview_file
from services.registry.imports.preview.queue import PreviewJob
from services.registry.imports.report import FileRefused
from services.registry.imports.runner import UNREADABLE, first_of
from services.registry.imports.views import (
    BodyPreviewView,
    OddView,
    PreviewResultView,
    RefusedLineView,
    VerdictCountView,
)

LONGEST_SECONDS = 3_600
"""Seconds after which a preview is given up."""
MOST_MEMORY = 3_000_000_000
"""The most bytes of address space of a preview's process; about 400 MB of them are Python and its libraries."""

DONE, REFUSED, BUSY, WITHDRAWN, DISTURBED = 0, 3, 4, 5, 6
"""How the process ends. `BUSY` waits for its turn as long as it takes, `DISTURBED` is tried a few times."""


class WorkerJob(PreviewJob):
    """A preview to be run, and where."""

    database_url: str
    today: date
    most_bytes: int


async def run(job: WorkerJob, folder: Path) -> None:
    """Preview the uploaded file and store the result. Raises NotOnesTurn, FileRefused and errors of the database."""
    database = Database(job.database_url, application_name="footprint-registry-preview", pool_size=1)
    path = folder / job.file
    try:
        async with database.begin() as session:
            with path.open("wb") as file:
                async for part in queue.uploaded(await raw(session), job.id):
                    file.write(part)
        given = Given(forms={job.file: job.form} if job.form else {})
        source = recognised(path, FORMS, stated_on=job.stated_on, given=given, most_bytes=job.most_bytes)
        async with database.begin() as session:
            preview = await preview_file(session, source, today=job.today, say=_say)
        _say("storing the result")
        async with database.begin() as session:
            await queue.keep(await raw(session), job.id, _result(preview), _rows(preview))
    finally:
        await database.close()


def _say(words: str) -> None:
    print(words.strip(), flush=True)


def _result(preview: ImportPreview) -> PreviewResultView:
    report = preview.report
    return PreviewResultView(
        form=report.form,
        stated_on=report.stated_on,
        lines=report.lines,
        facts=report.events,
        verdicts=[VerdictCountView(verdict=verdict, bodies=count) for verdict, count in preview.verdicts.items()],
        compared=len(preview.compared),
        as_expected=len(preview.compared) - len(preview.partings),
        not_taken=len(report.not_taken),
        odd=len(report.findings) + report.findings_left_out,
    )


def _rows(preview: ImportPreview) -> list[tuple[PreviewPart, int, str, str]]:
    report = preview.report
    bodies = (
        (PreviewPart.BODIES, number, str(one.verdict), BodyPreviewView.model_validate(one).model_dump_json())
        for number, one in enumerate(preview.bodies, start=1)
    )
    refused = (
        (PreviewPart.REFUSED, number, "", RefusedLineView.model_validate(one).model_dump_json())
        for number, one in enumerate(report.not_taken, start=1)
    )
    odd = (
        (PreviewPart.ODD, number, "", OddView.model_validate(one).model_dump_json())
        for number, one in enumerate(report.findings, start=1)
    )
    return [*bodies, *refused, *odd]


def main() -> int:
    """Run the job on standard input and return the status; a refusal's reason goes to standard error."""
    os.nice(10)
    signal.alarm(LONGEST_SECONDS)
    with suppress(ValueError):  # macOS has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    job = WorkerJob.model_validate_json(sys.stdin.buffer.read())
    try:
        with tempfile.TemporaryDirectory(prefix="footprint-import-") as folder:
            asyncio.run(run(job, Path(folder)))
    except MemoryError:
        print("it needs more memory than a preview may use", file=sys.stderr)
        return REFUSED
    except NotOnesTurn:
        return BUSY
    except Exception as error:
        fault = first_of(error)
        if isinstance(fault, asyncpg.ForeignKeyViolationError):
            return WITHDRAWN
        if isinstance(fault, (*UNREADABLE, FileRefused)):
            print(str(fault).encode(errors="replace").decode(), file=sys.stderr)
            return REFUSED
        if is_passing(fault):
            return BUSY
        if isinstance(fault, OSError):
            # A full disk, or a server that is just starting: it must not come before the others for ever.
            return DISTURBED
        raise
    return DONE


if __name__ == "__main__":
    sys.exit(main())
