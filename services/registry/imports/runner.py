"""Imports a folder of files: one file, one transaction; what is known already changes nothing.

What a file states is a function of its lines (`formats`). What follows from several files together, the mergers of
CCGs, is derived at the end of each from all that is recorded by then (`mergers`), so that their order makes no
difference.
"""

import asyncio
import gc
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.audit import record_write
from libs.common.database.connection import Database, raw
from libs.common.database.statistics import analyze
from libs.common.events import Event
from libs.common.events.registry import OrganisationOpened, OrganisationProposed, OrganisationSucceeded
from libs.common.identity import EVERY_ORGANISATION, Caller, Role
from libs.common.process import context
from libs.common.process.faults import is_passing
from libs.common.process.logs import logger
from services.registry.core import recording
from services.registry.imports.batches import AT_ONCE, Batches
from services.registry.imports.files.source_file import NOTHING_GIVEN, Given, SourceFile, files_in
from services.registry.imports.formats.catalogue import FORMS
from services.registry.imports.merger_records import around, lock, records_around
from services.registry.imports.mergers import mergings
from services.registry.imports.report import FileRefused, FileReport, ImportReport, NotTaken

IMPORTER = Caller(
    subject="command:import-ods",
    roles=frozenset({Role.LOADER, Role.REGISTRAR, Role.NHS_ENGLAND}),
    organisations=frozenset({EVERY_ORGANISATION}),
)
"""The caller of an import: an operator who may run commands on the service's own database."""

ONE_IMPORT = "SELECT pg_try_advisory_xact_lock(hashtextextended('ods import', 0))"
"""Take the lock of every import and every preview, so that one runs at a time; false where another has it."""

_TRIES = 3
"""How often a file is tried whose import another transaction stopped, by a deadlock for example."""
LOOK_AGAIN_SECONDS = 1
"""Seconds until an import, or a preview, that waits for its turn looks again. It holds nothing meanwhile."""

UNREADABLE = (FileRefused, UnicodeError, OverflowError, asyncpg.DataError, asyncpg.ProgramLimitExceededError)
"""Errors of a file that has an impossible value, or one that the database refuses."""

_MERGING = {OrganisationOpened, OrganisationProposed, OrganisationSucceeded}
"""Events from which mergers of CCGs may follow."""

_COUNT_UP = """
UPDATE organisation o SET version = o.version + new.changes
  FROM unnest($1::text[], $2::int[]) AS new (code, changes) WHERE o.code = new.code
"""

Say = Callable[[str], None]

_log = logger(__name__)


async def import_folder(
    database: Database,
    folder: Path,
    *,
    stated_on: date | None,
    today: date,
    say: Say,
    given: Given = NOTHING_GIVEN,
) -> ImportReport:
    """Import every file of a folder that can be recognised, oldest first; `say` prints the progress.

    Each file is all or nothing. A file that is refused as a whole, or at which the import itself fails, is reported,
    and the later ones are imported. Importing again continues.
    """
    files, not_recognised = files_in(folder, FORMS, stated_on=stated_on, given=given)
    report = ImportReport(files_not_taken=[NotTaken(name, 0, "", reason) for name, reason in not_recognised])
    for number, file in enumerate(files, start=1):
        say(f"{number}/{len(files)} {file.name}: {file.form}, as of {file.day}")
        try:
            with _uncollected():
                taken = await _tried(database, file, today=today, say=say)
        except _NotImported as reason:
            say(f"    not taken: {reason.why}")
            report.files_not_taken.append(NotTaken(file.name, reason.line, "", reason.why))
            report.faults += reason.is_fault
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


class _NotImported(Exception):
    """A file was not imported: `why`, after which `line`, and whether the fault is the import's own."""

    def __init__(self, why: str, *, line: int = 0, is_fault: bool = False) -> None:
        super().__init__(why)
        self.why, self.line, self.is_fault = why, line, is_fault


async def _tried(database: Database, file: SourceFile, *, today: date, say: Say) -> FileReport:
    """Import one file, again where another transaction came between. Raises _NotImported."""
    for left in reversed(range(_TRIES)):
        report = FileReport(file.name, file.form.title, file.day)
        try:
            await _import(database, file, report, today=today, say=say)
        except Exception as error:
            fault = first_of(error)
            if isinstance(fault, UNREADABLE):
                raise _NotImported(str(fault)) from error
            if is_passing(fault) and left:
                say(f"    tried again: {fault}")
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
                continue
            if is_passing(fault) or isinstance(fault, OSError):
                raise
            _log.exception("a file could not be imported", file=file.name, line=report.lines)
            why = f"a fault of the import, reported in its log: {type(fault).__name__}: {fault}"
            raise _NotImported(why, line=report.lines, is_fault=True) from error
        return report
    raise AssertionError("the last try returns or raises")


def first_of(error: BaseException) -> BaseException:
    """Return an error, or the first one of a group."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def import_file(
    database: Database, file: SourceFile, *, today: date, say: Say = lambda _: None, at_once: int = AT_ONCE
) -> FileReport:
    """Import one file in one transaction, `at_once` events at a time. Raises FileRefused, with nothing imported."""
    report = FileReport(file.name, file.form.title, file.day)
    await _import(database, file, report, today=today, say=say, at_once=at_once)
    return report


async def _import(
    database: Database, file: SourceFile, report: FileReport, *, today: date, say: Say, at_once: int = AT_ONCE
) -> None:
    run = str(uuid.uuid4())
    context.begin(context.Origin(actor=IMPORTER.subject, correlation=run, causation=run))
    if file.day > today:
        report.refuse(0, "", f"{file.day} lies in the future: --stated-at {file.name}=DAY sets another day")
        return
    async with _turn(database, say) as session, read_in_batches(session, file, report, say, at_once) as batches:
        await state_all(session, batches, report, say)
        if report.events:
            await record_write(session, IMPORTER, f"import of {file.name}")
            await analyze(await raw(session))


@asynccontextmanager
async def _turn(database: Database, say: Say) -> AsyncIterator[AsyncSession]:
    """Open the transaction of an import when no other import or preview runs; until then nothing is held."""
    told = False
    while True:
        async with database.begin() as session:
            if await is_ones_turn(session):
                yield session
                return
        if not told:
            say("    waiting for another import, or a preview")
            told = True
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def is_ones_turn(session: AsyncSession) -> bool:
    """Take the lock of imports for this transaction; return whether it was free."""
    return bool(await (await raw(session)).fetchval(ONE_IMPORT))


@asynccontextmanager
async def read_in_batches(
    session: AsyncSession, file: SourceFile, report: FileReport, say: Say = lambda _: None, at_once: int = AT_ONCE
) -> AsyncIterator[Batches]:
    """Read everything that the file states; for the time of the block, a large file's events are on disk."""
    stated_at = datetime.combine(file.day, time.min, UTC)
    with tempfile.TemporaryFile(prefix="footprint-import-") as disk:
        batches = Batches(disk, at_once)
        async for count in batches.fill(file.form.take(session, file, stated_at, report)):
            say(f"    {report.lines} lines read, {count} statements to record")
        yield batches


async def state_all(session: AsyncSession, batches: Batches, report: FileReport, say: Say = lambda _: None) -> None:
    """Record what the file states, and what follows from it; count in the report what was new."""
    connection = await raw(session)
    mergers = await around(session, connection, batches.codes) if batches.sorts & _MERGING else None
    await lock(connection, batches.codes | (mergers.codes if mergers else set()))
    report.new_organisations = len(await recording.introduce_missing(connection, batches.codes))
    recorded = 0
    for events in batches:
        await _record(session, connection, events, report)
        recorded += len(events)
        if recorded < batches.count:
            # The next batch is planned for what the tables are by now, and not for what they were before the file.
            await analyze(connection)
            say(f"    {recorded} of {batches.count} statements recorded")
    if mergers is not None:
        found = mergings(await records_around(session, connection, mergers), report, by=IMPORTER.subject)
        session.add_all(found.mergers)
        report.mergers = len(found.mergers)
        await _record(session, connection, found.events, report)


async def _record(
    session: AsyncSession, connection: asyncpg.Connection, events: Sequence[Event], report: FileReport
) -> None:
    told = await recording.record_new(session, events, by=IMPORTER.subject)
    await connection.execute(_COUNT_UP, list(told.changes), list(told.changes.values()))
    report.events += len(told.events)
