"""Imports one file of payments at a time, in the background of the service: all of it or nothing of it.

Reading takes about a second for 76,000 lines, in slices of some milliseconds between which requests are served; so
that it needs no process of its own, as the registry's previews do, a file is bounded by `MOST_UNPACKED`.
"""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.audit import record_write
from libs.common.database.connection import Database, raw
from libs.common.identity import service_caller
from libs.common.process import context
from libs.common.process.clock import Clock
from libs.common.process.faults import is_passing
from libs.common.process.logs import logger
from services.contracts.imports.errors import FileRefused
from services.contracts.imports.rows import FileRows, PaymentRow, read
from services.contracts.imports.views import ImportState
from services.contracts.spend.inferences import infer_contracts
from services.contracts.spend.models import Flag
from services.contracts.spend.totals import lock_payments, publish_changes

MOST_UNPACKED = 60_000_000
"""The most bytes of a file when it is unpacked: London's year has 9 MB."""
SILENT_FOR = timedelta(seconds=60)
"""After so long without a sign of life, whoever ran an import has ended."""
MOST_TRIES = 3
_SAY_EVERY = 10_000
_WRITE_AT_ONCE = 2_000

_log = logger(__name__)

_CLAIM = """
UPDATE payment_import SET state = 'running', alive_at = clock_timestamp(), tries = tries + 1, progress = NULL
 WHERE id = (SELECT id FROM payment_import
              WHERE state = 'waiting' OR (state = 'running' AND alive_at < clock_timestamp() - $1::interval)
              ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, file, payer, sha256, asked_by, correlation, causation, stated_at, tries, content
"""
# Of the import $1 only by its try $2: another process that took it over has the next one.
_SAY = """
UPDATE payment_import SET alive_at = clock_timestamp(), progress = $3
 WHERE id = $1 AND tries = $2 AND state = 'running' RETURNING id
"""
_WAIT_AGAIN = """
UPDATE payment_import SET state = 'waiting', tries = tries - $3, progress = NULL
 WHERE id = $1 AND tries = $2 AND state = 'running'
"""
_END = """
UPDATE payment_import SET state = $3, reason = $4, content = NULL, progress = NULL, alive_at = clock_timestamp()
 WHERE id = $1 AND tries = $2 AND state = 'running'
"""
_DONE = """
UPDATE payment_import SET state = 'done', content = NULL, progress = NULL, alive_at = clock_timestamp(),
       stated_at = $3, lines = $4, taken = $5, repeated = $6, refused = $7
 WHERE id = $1 AND tries = $2 AND state = 'running' RETURNING id
"""
# The same bytes under another name are the same publication.
_FIRST_NAME = "SELECT file FROM payment_import WHERE sha256 = $1 AND state = 'done' ORDER BY id LIMIT 1"
_EARLIER = """
SELECT content, publication, max(occurrence) AS times FROM published_payment WHERE content = ANY($1::bytea[])
 GROUP BY content, publication
"""
_SUPPLIERS = """
SELECT DISTINCT b.value FROM unnest($1::text[]) AS key JOIN name_alias n ON n.name = key
  JOIN name_alias_belief b ON b.subject_id = n.id AND upper_inf(b.known)
"""
# Of equal lines the first has no flag: the one that was stated first, whichever was imported first.
_FLAG_AGAIN = """
UPDATE published_payment p
   SET flags = CASE WHEN o.place > 1 THEN array_append(p.flags, $2) ELSE array_remove(p.flags, $2) END
  FROM (SELECT q.id,
               row_number() OVER (PARTITION BY q.content ORDER BY i.stated_at, q.publication, q.occurrence) AS place
          FROM published_payment q JOIN payment_import i ON i.id = q.import_id
         WHERE q.content = ANY($1::bytea[])) o
 WHERE p.id = o.id AND (o.place > 1) <> ($2 = ANY(p.flags))
"""
_COLUMNS = ("import_id", *PaymentRow._fields, "occurrence")

Say = Callable[[str], Awaitable[None]]


class Stopped(Exception):
    """The service stops: the import waits again, with nothing of it done."""


class TakenOver(Exception):
    """The import was silent for so long that another process took it over: nothing of it is done here."""


@dataclass(frozen=True, slots=True)
class ImportJob:
    """A file to be imported."""

    id: int
    file: str
    payer: str | None
    sha256: str
    asked_by: str
    correlation: str
    causation: str
    stated_at: datetime | None
    tries: int
    content: bytes


async def claim(database: Database) -> ImportJob | None:
    """Take the file that waits longest; None where none does."""
    async with database.begin() as session:
        row = await (await raw(session)).fetchrow(_CLAIM, SILENT_FOR)
    return None if row is None else ImportJob(**row)


async def run(database: Database, job: ImportJob, *, clock: Clock, stop: asyncio.Event) -> None:
    """Import a file, and note how it ended. After `MOST_TRIES` it is given up."""
    context.begin(context.Origin(actor=job.asked_by, correlation=job.correlation, causation=job.causation))
    if job.tries > MOST_TRIES:
        await _end(database, job, ImportState.FAILED, f"it ended {MOST_TRIES} times without a result")
        return

    async def say(words: str) -> None:
        if stop.is_set():
            raise Stopped
        if await _execute(database, _SAY, job.id, job.tries, words) is None:
            raise TakenOver

    try:
        await import_file(database, job, clock=clock, say=say)
    except Stopped:
        await _execute(database, _WAIT_AGAIN, job.id, job.tries, 1)
    except TakenOver:
        _log.warning("another process took an import of payments over", file=job.file)
    except FileRefused as reason:
        await _end(database, job, ImportState.REFUSED, str(reason))
    except Exception as error:  # noqa: BLE001  (whatever it is, the next file is imported, and the log has it)
        if is_passing(error):
            await _execute(database, _WAIT_AGAIN, job.id, job.tries, 0)
            return
        _log.exception("a file of payments could not be imported", file=job.file)
        await _end(database, job, ImportState.FAILED, "a fault of the import, which is in the log")


async def import_file(database: Database, job: ImportJob, *, clock: Clock, say: Say) -> None:
    """Import a file in one transaction. Raises FileRefused or TakenOver, with nothing imported."""
    text = await asyncio.to_thread(unpacked, job.content)
    rows = await _read(text, payer=job.payer, say=say)
    async with database.begin() as session:
        connection = await raw(session)
        await lock_payments(connection)
        stated_at = job.stated_at or clock.stated_at()
        publication = await connection.fetchval(_FIRST_NAME, job.sha256) or job.file
        payments = [one if one.publication else one._replace(publication=publication) for one in rows.payments]
        taken, again = await _write(connection, job.id, payments, say)
        await connection.copy_records_to_table(
            "payment_import_refusal",
            records=[(job.id, one.line, one.text, one.reason) for one in rows.refused],
            columns=("import_id", "line", "text", "reason"),
        )
        repeated = len(rows.payments) - taken
        figures = (rows.lines, taken, repeated, len(rows.refused))
        if await connection.fetchval(_DONE, job.id, job.tries, stated_at, *figures) is None:
            raise TakenOver
        if again:
            await connection.execute(_FLAG_AGAIN, again, Flag.DUPLICATE.value)
        if taken:
            await _publish(session, rows.payments, today=clock.today(), stated_at=stated_at)
        await record_write(session, service_caller("contracts"), "import_payments", request=job.causation)


async def _read(text: str, *, payer: str | None, say: Say) -> FileRows:
    rows, next_words = FileRows(), _SAY_EVERY
    for rows in read(text, payer=payer):
        await asyncio.sleep(0)  # requests come first
        if rows.lines + len(rows.payments) >= next_words:
            next_words += _SAY_EVERY
            await say(f"{rows.lines} lines read, {len(rows.payments)} payments")
    return rows


async def _write(
    connection: asyncpg.Connection, number: int, payments: Sequence[PaymentRow], say: Say
) -> tuple[int, list[bytes]]:
    """Write the payments that are not known yet; return how many, and what is said by more than one line."""
    seen = await _earlier(connection, payments)
    contents = {content for content, _ in seen}
    counted: dict[tuple[Any, str], int] = {}
    written = 0
    again: set[bytes] = set()
    batch: list[tuple[Any, ...]] = []
    for one in payments:
        key = (one.content, one.publication)
        counted[key] = occurrence = counted.get(key, 0) + 1
        if occurrence <= seen.get(key, 0):
            continue
        is_again = one.content in contents
        if is_again:
            again.add(one.content)
        contents.add(one.content)
        *stated, flags, content = one
        batch.append((number, *stated, (*flags, Flag.DUPLICATE) if is_again else flags, content, occurrence))
        if len(batch) == _WRITE_AT_ONCE:
            written += await _copy(connection, batch)
            if written % _SAY_EVERY == 0:
                await say(f"{written} payments written")
            batch = []
    return written + await _copy(connection, batch), list(again)


async def _earlier(connection: asyncpg.Connection, payments: Sequence[PaymentRow]) -> dict[tuple[Any, str], int]:
    """Return how often each content occurs in each publication that is known already."""
    rows = await connection.fetch(_EARLIER, [one.content for one in payments])
    return {(row["content"], row["publication"]): row["times"] for row in rows}


async def _copy(connection: asyncpg.Connection, batch: Sequence[tuple[Any, ...]]) -> int:
    await connection.copy_records_to_table("published_payment", records=batch, columns=_COLUMNS)
    return len(batch)


async def _publish(session: AsyncSession, payments: Sequence[PaymentRow], *, today: date, stated_at: datetime) -> None:
    keys = {one.supplier_key for one in payments}
    suppliers = [row["value"] for row in await (await raw(session)).fetch(_SUPPLIERS, sorted(keys))]
    await publish_changes(session, suppliers, stated_at=stated_at)
    await infer_contracts(session, suppliers, today=today, stated_at=stated_at)


def unpacked(content: bytes) -> str:
    """Return a file's text: packed by gzip or not, UTF-8 or else Windows-1252. Raises FileRefused."""
    if content.startswith(b"\x1f\x8b"):
        try:
            unpacking = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
            content = unpacking.decompress(content, MOST_UNPACKED + 1)
        except zlib.error as error:
            raise FileRefused(f"it cannot be unpacked: {error}") from error
        if not unpacking.eof and len(content) <= MOST_UNPACKED:
            raise FileRefused("it is cut off: the end of the gzip file is missing")
        if unpacking.unused_data.strip(b"\x00"):
            raise FileRefused("something follows the end of the gzip file: pack its parts as one file, or send each")
    if len(content) > MOST_UNPACKED:
        raise FileRefused(f"it has more than {MOST_UNPACKED} bytes when it is unpacked: send it in parts")
    if content.startswith(b"PK\x03\x04"):
        raise FileRefused("it is a zip archive or a workbook: save its sheets as CSV")
    if b"\x00" in content:
        raise FileRefused("it is no text: it has a NUL")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


async def _end(database: Database, job: ImportJob, state: ImportState, reason: str) -> None:
    await _execute(database, _END, job.id, job.tries, state, reason)


async def _execute(database: Database, sql: str, *arguments: object) -> Any:
    async with database.begin() as session:
        return await (await raw(session)).fetchval(sql, *arguments)
