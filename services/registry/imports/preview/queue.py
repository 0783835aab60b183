"""The queue of previews: received, waiting in the database, run one at a time, their results read in pages."""

import uuid
from collections import defaultdict
from collections.abc import AsyncIterable, AsyncIterator, Collection, Sequence
from datetime import date, timedelta
from typing import TypeVar

import asyncpg
from pydantic import BaseModel

from libs.common.audit import record_write
from libs.common.database.connection import Database, Reads, raw
from libs.common.errors import NotFound
from libs.common.http.problems import RequestEntityTooLarge, Unavailable
from libs.common.identity import Caller
from libs.common.messaging.wakeup import Signal
from libs.common.process import context
from services.registry.imports.preview.models import PreviewPart
from services.registry.imports.runner import ONE_IMPORT
from services.registry.imports.views import ImportPreviewView, PreviewResultView, PreviewState, Verdict

MOST_WAITING = 4
"""The most previews that are received, or wait for their turn."""
STORED_FOR = timedelta(hours=24)
"""How long the result of a preview can be read."""
SILENT_FOR = timedelta(seconds=60)
"""After so long without a sign of life, whoever received or ran a preview has ended."""
MOST_TRIES = 3
"""How often a preview is begun whose process ends without a result."""
_PART_BYTES = 1_000_000

Shown = TypeVar("Shown", bound=BaseModel)

_SWEEP = """
DELETE FROM import_preview WHERE asked_at < clock_timestamp() - $1::interval
    OR (state = 'received' AND alive_at < clock_timestamp() - $2::interval)
"""
_WAITING = "SELECT count(*) FROM import_preview WHERE state IN ('received', 'waiting')"
_ONE_ASKS = "SELECT pg_advisory_xact_lock(hashtextextended('asking for a preview', 0))"
_ASK = """
INSERT INTO import_preview (reference, asked_by, file, form, stated_on, state)
VALUES ($1::uuid, $2, $3, $4, $5, 'received') RETURNING id
"""
_TAKE_PART = """
WITH alive AS (UPDATE import_preview SET alive_at = clock_timestamp() WHERE id = $1)
INSERT INTO import_upload (preview_id, number, content) VALUES ($1, $2, $3)
"""
_CLAIM = """
UPDATE import_preview SET state = 'running', alive_at = clock_timestamp(), tries = tries + 1, progress = NULL
 WHERE id = (SELECT id FROM import_preview
              WHERE state = 'waiting' OR (state = 'running' AND alive_at < clock_timestamp() - $1::interval)
              ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, file, form, stated_on, tries
"""
_WITHDRAW = "DELETE FROM import_preview WHERE reference = $1::uuid AND asked_by = $2 RETURNING id"
_WAIT = "UPDATE import_preview SET state = 'waiting' WHERE id = $1"
_WAIT_AGAIN = """
UPDATE import_preview SET state = 'waiting', tries = tries - $2, progress = NULL WHERE id = $1 AND state = 'running'
"""
_SAY = """
UPDATE import_preview SET alive_at = clock_timestamp(), progress = coalesce($2, progress)
 WHERE id = $1 AND state = 'running' RETURNING id
"""
_END = """
WITH read AS (DELETE FROM import_upload WHERE preview_id = $1)
UPDATE import_preview SET state = $2, reason = $3, result = $4 WHERE id = $1 AND state = 'running'
"""
_SHOW = """
SELECT reference::text AS reference, file, state, asked_at, progress, reason, result FROM import_preview
 WHERE reference = $1::uuid AND asked_by = $2
"""
_ROWS = """
SELECT r.number, r.content FROM import_preview_row r JOIN import_preview p ON p.id = r.preview_id
 WHERE p.reference = $1::uuid AND p.asked_by = $2 AND r.part = $3 AND r.number > $4
   AND ($5::text[] IS NULL OR r.verdict = ANY($5))
 ORDER BY r.number LIMIT $6
"""

_SIGNALS: defaultdict[str, Signal] = defaultdict(Signal)


class PreviewNotFound(NotFound):
    """The caller asked for no such preview.

    A preview is read by the caller who asked for it, for 24 hours. Ask for it again.
    """


class TooManyPreviews(Unavailable):
    """Other previews come first.

    Previews run one at a time, and a few may wait. Send the request again after the seconds that `Retry-After` names.
    """


class PreviewJob(BaseModel):
    """A preview to be run."""

    id: int
    file: str
    form: str
    stated_on: date | None
    tries: int


def signal_of(database: Database) -> Signal:
    """Return the signal that a preview waits in this database."""
    return _SIGNALS[database.url]


async def ask(
    database: Database,
    content: AsyncIterable[bytes],
    *,
    file: str,
    form: str,
    stated_on: date | None,
    by: Caller,
    most_bytes: int,
) -> str:
    """Receive a file, a part at a time, and let its preview wait; return the reference.

    No connection is held while the file arrives. Raises TooManyPreviews, RequestEntityTooLarge.
    """
    reference = str(uuid.uuid4())
    async with database.begin() as session:
        connection = await raw(session)
        await connection.execute(_ONE_ASKS)
        await connection.execute(_SWEEP, STORED_FOR, SILENT_FOR)
        if await connection.fetchval(_WAITING) >= MOST_WAITING:
            raise TooManyPreviews(f"{MOST_WAITING} previews wait already")
        number = await connection.fetchval(_ASK, reference, by.subject, file, form, stated_on)
        await record_write(session, by, "preview_import", request=context.origin().causation)
    try:
        await _receive(database, number, content, most_bytes)
    except BaseException:
        await withdraw(database, reference, by=by)
        raise
    signal_of(database).give()
    return reference


async def _receive(database: Database, number: int, content: AsyncIterable[bytes], most_bytes: int) -> None:
    part, parts, received = bytearray(), 0, 0
    async for piece in content:
        received += len(piece)
        if received > most_bytes:
            raise RequestEntityTooLarge(f"the file is larger than {most_bytes} bytes")
        part += piece
        if len(part) >= _PART_BYTES:
            await _execute(database, _TAKE_PART, number, parts, bytes(part))
            part, parts = bytearray(), parts + 1
    await _execute(database, _TAKE_PART, number, parts, bytes(part))
    await _execute(database, _WAIT, number)


async def withdraw(database: Database, reference: str, *, by: Caller) -> None:
    """Forget a preview; one that runs is ended. Raises PreviewNotFound."""
    async with database.begin() as session:
        connection = await raw(session)
        gone = await connection.fetchval(_WITHDRAW, reference, by.subject)
    if gone is None:
        raise PreviewNotFound(f"you asked for no preview {reference}")


async def claim(database: Database) -> PreviewJob | None:
    """Take the preview that waits longest, unless an import runs; None where there is nothing to do."""
    async with database.begin() as session:
        connection = await raw(session)
        if not await connection.fetchval(ONE_IMPORT):
            return None
        row = await connection.fetchrow(_CLAIM, SILENT_FOR)
    return None if row is None else PreviewJob(**row)


async def say(database: Database, number: int, progress: str | None) -> bool:
    """Note that a preview runs, and how far it is; return whether it is still asked for."""
    async with database.begin() as session:
        return await (await raw(session)).fetchval(_SAY, number, progress) is not None


async def wait_again(database: Database, number: int, *, tried: bool = False) -> None:
    """Let a preview wait again that could not be run now; `tried` counts that as one of its tries."""
    await _execute(database, _WAIT_AGAIN, number, 0 if tried else 1)


async def end(database: Database, number: int, state: PreviewState, reason: str) -> None:
    """Note that a running preview has no result, and why."""
    await _execute(database, _END, number, state, reason, None)


async def keep(
    connection: asyncpg.Connection,
    number: int,
    result: BaseModel,
    rows: Sequence[tuple[PreviewPart, int, str, str]],
) -> None:
    """Store the result of a preview with the rows of its lists. Raises ForeignKeyViolationError if it was withdrawn."""
    columns = ("preview_id", "part", "number", "verdict", "content")
    await connection.copy_records_to_table(
        "import_preview_row", records=((number, *row) for row in rows), columns=columns
    )
    await connection.execute(_END, number, PreviewState.DONE, None, result.model_dump_json())


async def get_preview(db: Reads, reference: str, *, by: Caller) -> ImportPreviewView:
    """Return a preview that the caller asked for. Raises PreviewNotFound."""
    found = await db.fetch(_SHOW, reference, by.subject)
    if not found:
        raise PreviewNotFound(f"you asked for no preview {reference}")
    [row] = found
    result = None if row["result"] is None else PreviewResultView.model_validate_json(row["result"])
    return ImportPreviewView.model_validate({**row, "result": result})


async def list_rows(
    db: Reads,
    reference: str,
    part: PreviewPart,
    shown: type[Shown],
    *,
    by: Caller,
    after: int,
    limit: int,
    verdicts: Collection[Verdict] | None = None,
) -> list[tuple[int, Shown]]:
    """Return rows of a list of a result, each with its number. Raises PreviewNotFound."""
    await get_preview(db, reference, by=by)
    wanted = None if verdicts is None else sorted(verdicts)
    rows = await db.fetch(_ROWS, reference, by.subject, part, after, wanted, limit)
    return [(row["number"], shown.model_validate_json(row["content"])) for row in rows]


async def uploaded(connection: asyncpg.Connection, number: int) -> AsyncIterator[bytes]:
    """Yield the file of a preview, a part at a time."""
    part = 0
    query = "SELECT content FROM import_upload WHERE preview_id = $1 AND number = $2"
    while (content := await connection.fetchval(query, number, part)) is not None:
        yield content
        part += 1


async def _execute(database: Database, sql: str, *arguments: object) -> None:
    async with database.begin() as session:
        await (await raw(session)).execute(sql, *arguments)
