"""A folder of ODS files taken into the registry: one file, one transaction; what is known already changes nothing."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path

import asyncpg
from sqlalchemy import Text, any_, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from libs.common import context
from libs.common.database import Database, raw
from libs.common.events import Event
from libs.common.identity import EVERY_ORGANISATION, Caller, Role
from libs.common.inbox import record_write
from libs.common.stated import statements_of
from services.registry import facts
from services.registry.imports import bodies, successions
from services.registry.imports.files import SourceFile, files_in
from services.registry.imports.reports import FileReport, Report
from services.registry.imports.rows import NotTaken, bodies_in, successions_in
from services.registry.models import Merger, MergerStatus
from services.registry.organisations import agreed_mergers_of
from services.registry.standings import standings

IMPORTER = Caller(
    subject="command:import-ods",
    roles=frozenset({Role.LOADER, Role.REGISTRAR, Role.NHS_ENGLAND}),
    organisations=frozenset({EVERY_ORGANISATION}),
)
"""Who an import is: whoever may run commands on the service's own database."""

_ONE_IMPORT = "SELECT pg_advisory_xact_lock(hashtextextended('ods import', 0))"

_LOCK = "SELECT code FROM organisation WHERE code = ANY($1) ORDER BY code FOR UPDATE"

_COUNT_UP = "UPDATE organisation SET version = version + 1 WHERE code = ANY($1)"

_MERGED_ON = """
SELECT successor, min(effective_on) AS day FROM merger WHERE status = 'carried_out' AND successor = ANY($1)
 GROUP BY successor
"""

_OPENINGS = """
SELECT o.code, lower(life.valid) AS day, life.stated_at, name.value AS name, lower(name.valid) AS named_on,
       EXISTS (SELECT 1 FROM organisation_statement closed
                WHERE closed.subject_id = o.id AND closed.facet = 1 AND closed.value = 'closed'
                  AND closed.stated_at = life.stated_at) AS closes
  FROM organisation o
  JOIN organisation_statement life ON life.subject_id = o.id AND life.facet = 1 AND life.value = 'open'
  JOIN organisation_statement name
    ON name.subject_id = o.id AND name.facet = 2 AND name.fills_before AND name.stated_at = life.stated_at
 WHERE o.code = ANY($1)
   AND EXISTS (SELECT 1 FROM organisation_statement k WHERE k.subject_id = o.id AND k.facet = 4 AND k.value = 'ccg')
"""

Say = Callable[[str], None]


async def import_folder(database: Database, folder: Path, *, stated_on: date | None, today: date, say: Say) -> Report:
    """Take every file of a folder that can be recognised, bodies first; `say` is told how it goes.

    Each file is all or nothing. What a later file fails on leaves the earlier ones taken: importing again goes on.
    """
    files, not_recognised = files_in(folder, stated_on=stated_on)
    report = Report(files_not_taken=[NotTaken(name, 0, "", reason) for name, reason in not_recognised])
    for number, file in enumerate(files, start=1):
        say(f"{number}/{len(files)} {file.name}: {file.form}, as of {file.day}")
        taken = await import_file(database, file, today=today)
        say(f"    {taken.lines} lines, {taken.events} events told, {len(taken.not_taken)} lines not taken")
        report.files.append(taken)
    return report


async def import_file(database: Database, file: SourceFile, *, today: date) -> FileReport:
    """Take one file in one transaction."""
    run = str(uuid.uuid4())
    context.begin(context.Origin(actor=IMPORTER.subject, correlation=run, causation=run))
    stated_at = datetime.combine(file.day, time.min, UTC)
    report = FileReport(file.name, file.form, file.day)
    if file.day > today:
        report.not_taken.append(NotTaken(file.name, 0, "", f"{file.day} lies in the future"))
        return report
    async with database.begin() as session:
        connection = await raw(session)
        await connection.execute(_ONE_IMPORT)
        take = _take_successions if file.form.is_succession else _take_bodies
        events = await take(session, file, stated_at, report)
        report.events = len(events)
        if events:
            await _count_up(connection, events)
            await facts.tell(session, events, source=f"ods:{file.name}", by=IMPORTER.subject)
            await record_write(session, IMPORTER, f"import of {file.name}")
    return report


async def _take_bodies(
    session: AsyncSession, file: SourceFile, stated_at: datetime, report: FileReport
) -> Sequence[Event]:
    found = list(bodies_in(file, report.not_taken))
    report.lines = len(found) + sum(1 for one in report.not_taken if "the rest of the line was taken" not in one.reason)
    connection = await raw(session)
    codes = sorted(body.code for body in found)
    await _lock(connection, codes)
    merged_on = {row["successor"]: row["day"] for row in await connection.fetch(_MERGED_ON, codes)}
    said = bodies.statements_about(found, file, stated_at, merged_on=merged_on)
    new = await facts.introduce_missing(connection, said.codes)
    report.new_organisations = len(new)
    return await facts.only_new(connection, said.events)


async def _take_successions(
    session: AsyncSession, file: SourceFile, stated_at: datetime, report: FileReport
) -> Sequence[Event]:
    rows = list(successions_in(file, report.not_taken))
    report.lines = len(rows) + len(report.not_taken)
    codes = sorted({code for row in rows for code in (row.code, row.successor)})
    mergers = await _mergers_of(session, codes)
    held = await _held(session, codes, {row.successor for row in rows}, mergers)
    said = successions.statements_about(rows, file, stated_at, held=held, by=IMPORTER.subject)
    report.not_taken.extend(said.not_taken)
    report.mergers = len(said.mergers)
    session.add_all(said.mergers)
    return await facts.only_new(await raw(session), said.events)


async def _mergers_of(session: AsyncSession, codes: Collection[str]) -> list[Merger]:
    """Lock the mergers that these codes are part of: before organisations, as every command does."""
    # One array: a file of successions names more codes than a statement can have parameters.
    named = literal(sorted(codes), ARRAY(Text))
    found = await session.scalars(
        select(Merger)
        .where(or_(Merger.successor == any_(named), Merger.predecessors.overlap(named)))
        .order_by(Merger.reference)
        .options(selectinload(Merger.plans))
        .with_for_update(of=Merger)
        .execution_options(populate_existing=True)
    )
    return list(found)


async def _held(
    session: AsyncSession, codes: Collection[str], successors: Collection[str], mergers: Iterable[Merger]
) -> successions.Held:
    connection = await raw(session)
    await _lock(connection, codes)
    by_successor, withdrawn = defaultdict(list), set()
    for merger in mergers:
        if merger.status == MergerStatus.WITHDRAWN:
            withdrawn.add(merger.reference)
        else:
            by_successor[merger.successor].append(merger)
    openings = defaultdict(list)
    for code, *opening in await connection.fetch(_OPENINGS, sorted(successors)):
        openings[code].append(successions.Opening(*opening))
    return successions.Held(
        standing=await standings(connection, codes),
        mergers=by_successor,
        openings=openings,
        withdrawn=frozenset(withdrawn),
        agreed=await agreed_mergers_of(session, codes),
    )


async def _lock(connection: asyncpg.Connection, codes: Collection[str]) -> None:
    await connection.execute(_LOCK, list(codes))


async def _count_up(connection: asyncpg.Connection, events: Iterable[Event]) -> None:
    codes = {statement.code for event in events for statement in statements_of(event)}
    await connection.execute(_COUNT_UP, sorted(codes))
