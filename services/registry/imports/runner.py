"""Imports a folder of files: one file, one transaction; what is known already changes nothing.

What a file states is a function of its lines (`formats`). What follows from several files together, the mergers of
CCGs, is derived at the end of each from all that is recorded by then (`mergers`), so that their order makes no
difference.
"""

import csv
import gc
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.audit import record_write
from libs.common.database.connection import Database, raw
from libs.common.database.statistics import analyze
from libs.common.events import Event
from libs.common.events.registry import OrganisationOpened, OrganisationProposed, OrganisationSucceeded
from libs.common.identity import EVERY_ORGANISATION, Caller, Role
from libs.common.process import context
from services.registry.core import recording
from services.registry.core.kinds import Kind
from services.registry.imports.formats.catalogue import FORMS
from services.registry.imports.formats.source_file import SourceFile, files_in
from services.registry.imports.merger_records import around, lock, records_around
from services.registry.imports.mergers import mergings
from services.registry.imports.report import FileRefused, FileReport, ImportReport, NotTaken

IMPORTER = Caller(
    subject="command:import-ods",
    roles=frozenset({Role.LOADER, Role.REGISTRAR, Role.NHS_ENGLAND}),
    organisations=frozenset({EVERY_ORGANISATION}),
)
"""The caller of an import: an operator who may run commands on the service's own database."""

ONE_IMPORT = "SELECT pg_advisory_xact_lock(hashtextextended('ods import', 0))"
"""The lock of every import and every preview, so that one runs at a time."""

_COUNT_UP = """
UPDATE organisation o SET version = o.version + new.changes
  FROM unnest($1::text[], $2::int[]) AS new (code, changes) WHERE o.code = new.code
"""

Say = Callable[[str], None]


async def import_folder(
    database: Database, folder: Path, *, stated_on: date | None, today: date, say: Say
) -> ImportReport:
    """Import every file of a folder that can be recognised, oldest first; `say` prints the progress.

    Each file is all or nothing. A file that is refused as a whole is reported, and the later ones are imported. If
    one fails otherwise, the earlier ones stay imported, and importing again continues.
    """
    files, not_recognised = files_in(folder, FORMS, stated_on=stated_on)
    report = ImportReport(files_not_taken=[NotTaken(name, 0, "", reason) for name, reason in not_recognised])
    for number, file in enumerate(files, start=1):
        say(f"{number}/{len(files)} {file.name}: {file.form}, as of {file.day}")
        try:
            with _uncollected():
                taken = await import_file(database, file, today=today, say=say)
        except (FileRefused, csv.Error) as reason:
            say(f"    not taken: {reason}")
            report.files_not_taken.append(NotTaken(file.name, 0, "", str(reason)))
            continue
        say(
            f"    {taken.lines} lines, {taken.events} events published, {len(taken.not_taken)} lines not taken, "
            f"{len(taken.findings) + taken.findings_left_out} findings"
        )
        report.files.append(taken)
    return report


@contextmanager
def _uncollected() -> Iterator[None]:
    """Pause the garbage collector, which would scan the file's objects again and again until it is imported."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


async def import_file(database: Database, file: SourceFile, *, today: date, say: Say = lambda _: None) -> FileReport:
    """Import one file in one transaction. Raises FileRefused, with nothing imported."""
    run = str(uuid.uuid4())
    context.begin(context.Origin(actor=IMPORTER.subject, correlation=run, causation=run))
    stated_at = datetime.combine(file.day, time.min, UTC)
    report = FileReport(file.name, file.form.title, file.day)
    if file.day > today:
        report.refuse(0, "", f"{file.day} lies in the future")
        return report
    async with database.begin() as session:
        connection = await raw(session)
        await connection.execute(ONE_IMPORT)
        events = await file.form.take(session, file, stated_at, report)
        say(f"    {report.lines} lines read, {len(events)} statements to record")
        told = await state_all(session, events, report)
        report.events = len(told)
        if told:
            await record_write(session, IMPORTER, f"import of {file.name}")
            await analyze(connection)
    return report


async def state_all(session: AsyncSession, events: Sequence[Event], report: FileReport) -> list[Event]:
    """Record what the file states, and what follows from it; return the events that were new."""
    connection = await raw(session)
    concerns = any(_concerns_mergers(event) for event in events)
    codes = recording.codes_of(events)
    mergers = await around(session, connection, codes) if concerns else None
    await lock(connection, codes | (mergers.codes if mergers else set()))
    report.new_organisations = len(await recording.introduce_missing(connection, codes))
    told = [await recording.record_new(session, events, by=IMPORTER.subject)]
    if mergers is not None:
        found = mergings(await records_around(session, connection, mergers), report, by=IMPORTER.subject)
        session.add_all(found.mergers)
        report.mergers = len(found.mergers)
        told.append(await recording.record_new(session, found.events, by=IMPORTER.subject))
    changes = sum((one.changes for one in told), Counter[str]())
    await connection.execute(_COUNT_UP, list(changes), list(changes.values()))
    return [event for one in told for event in one.events]


def _concerns_mergers(event: Event) -> bool:
    """Whether a merger of CCGs may follow from this event."""
    if isinstance(event, OrganisationOpened | OrganisationProposed):
        return event.kind == Kind.CCG
    return isinstance(event, OrganisationSucceeded)
