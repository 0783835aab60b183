"""The queue of runs: requested once for each digest, claimed one at a time, ended with a result or a reason."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import asyncpg

from libs.common.database.connection import Database, Reads, raw
from libs.common.http.problems import Unavailable
from libs.common.identity import Caller
from libs.common.process import context
from services.finance.runs.models import RunState

MOST_WAITING, MOST_OF_ONE = 100, 5
"""The most runs of a kind that are queued or running: of all organisations, and of one."""
SILENT_FOR = timedelta(seconds=20)
"""After so long without a sign of life, whoever computed a run has ended, and another takes it up."""
MOST_TRIES = 3
"""How often a run is begun whose process ends without a result."""

_ONE_REQUESTS = "SELECT pg_advisory_xact_lock(hashtextextended('requesting a run', 0))"
_SAME = """
SELECT reference::text AS reference FROM run
 WHERE kind = $1 AND subject = $2 AND digest = $3 AND state IN ('queued', 'running', 'done') ORDER BY id LIMIT 1
"""
_WAITING = "SELECT count(*) FROM run WHERE kind = $1 AND state IN ('queued', 'running')"
_FULL = """
SELECT code FROM unnest($1::text[]) AS code
  JOIN run ON run.kind = $3 AND run.state IN ('queued', 'running') AND run.organisations @> ARRAY[code]
 GROUP BY code HAVING count(*) >= $2 ORDER BY code
"""
_REQUEST = """
INSERT INTO run (reference, kind, subject, version, digest, inputs, state, requested_by, requested_at, origin,
                 organisations, as_at, as_known)
VALUES ($1::uuid, $2, $3, $4, $5, $6, 'queued', $7, $8, $9, $10, $11, $12)
"""
# Whose last run was begun the longest ago comes first, so that many runs of one body keep no other waiting.
_CLAIM = """
UPDATE run SET state = 'running', alive_at = clock_timestamp(), tries = tries + 1, progress = NULL
 WHERE id = (SELECT r.id FROM run r
              WHERE ($2::text[] IS NULL OR r.kind = ANY($2))
                AND (r.state = 'queued' OR (r.state = 'running' AND r.alive_at < clock_timestamp() - $1::interval))
              ORDER BY (SELECT max(e.alive_at) FROM run e
                         WHERE e.organisations && r.organisations AND e.tries > 0 AND e.id <> r.id) NULLS FIRST, r.id
              LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, reference::text AS reference, kind, subject, version, digest, inputs, tries, origin
"""
_SAY = """
UPDATE run SET alive_at = clock_timestamp(), progress = coalesce($2, progress)
 WHERE id = $1 AND state = 'running' AND tries = $3 RETURNING id
"""
_AGAIN = """
UPDATE run SET state = 'queued', tries = tries - $2, progress = NULL
 WHERE id = $1 AND state = 'running' AND tries = $3
"""
_END = "UPDATE run SET state = $2, reason = $3 WHERE id = $1 AND state = 'running' AND tries = $4 RETURNING id"
_CANCEL = "UPDATE run SET state = 'cancelled' WHERE reference = $1::uuid AND state IN ('queued', 'running')"
_STORE = "INSERT INTO run_result (digest, result) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_RESULT = "SELECT result FROM run_result WHERE digest = $1"
_FIND = """
SELECT r.id, r.reference::text AS reference, r.subject, r.version, r.digest, r.state, r.requested_at,
       r.progress, r.reason, r.as_at, r.as_known,
       (SELECT result FROM run_result x WHERE x.digest = r.digest AND r.state = 'done' AND $3::boolean) AS result
  FROM run r WHERE r.reference = $1::uuid AND r.kind = $2
"""
_OF_SUBJECT = """
SELECT id, reference::text AS reference, subject, version, digest, state, requested_at, progress, reason, as_at,
       as_known, NULL AS result
  FROM run WHERE kind = $1 AND subject = $2 AND requested_at <= $3 AND id < $4 AND ($6::integer IS NULL OR version = $6)
 ORDER BY id DESC LIMIT $5
"""


class TooManyRuns(Unavailable):
    """Other runs come first.

    Runs of a kind are computed one at a time, and only a few may wait: of one organisation, and of all. Send the
    request again once one of yours has ended; a plan's or a simulation may be cancelled.
    """


@dataclass(frozen=True, slots=True)
class RunJob:
    """A run to be computed, and what was requested."""

    id: int
    reference: str
    kind: str
    subject: str
    version: int
    digest: str
    inputs: str
    tries: int
    origin: str


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as it is read; `result` where it is done and was asked for."""

    id: int
    reference: str
    subject: str
    version: int
    digest: str
    state: RunState
    requested_at: datetime
    progress: str | None
    reason: str | None
    as_at: date | None
    as_known: datetime | None
    result: str | None


@dataclass(frozen=True, slots=True)
class Requested:
    """A run's reference, and whether the request queued it; otherwise the same inputs were requested before."""

    reference: str
    is_new: bool


async def request(
    connection: asyncpg.Connection,
    *,
    kind: str,
    subject: str,
    version: int,
    digest: str,
    inputs: str,
    organisations: Sequence[str],
    by: Caller,
    at: datetime,
    as_at: date,
    as_known: datetime | None,
) -> Requested:
    """Queue a run for these organisations, unless the subject has one of the same inputs. Raises TooManyRuns."""
    await connection.execute(_ONE_REQUESTS)
    same = await connection.fetchval(_SAME, kind, subject, digest)
    if same is not None:
        return Requested(same, is_new=False)
    if await connection.fetchval(_WAITING, kind) >= MOST_WAITING:
        raise TooManyRuns(f"{MOST_WAITING} runs wait already")
    if full := [row["code"] for row in await connection.fetch(_FULL, list(organisations), MOST_OF_ONE, kind)]:
        raise TooManyRuns(f"{MOST_OF_ONE} runs of {', '.join(full)} wait already")
    reference = str(uuid.uuid4())
    await connection.execute(
        *(_REQUEST, reference, kind, subject, version, digest, inputs),
        *(by.subject, at, context.origin().correlation, list(organisations), as_at, as_known),
    )
    return Requested(reference, is_new=True)


async def cancel(connection: asyncpg.Connection, reference: str) -> None:
    """Cancel a run that is queued or running; its process is killed within a second or two."""
    await connection.execute(_CANCEL, reference)


async def claim(database: Database, kinds: Collection[str] | None = None) -> RunJob | None:
    """Take a run that waits, or whose process has gone silent, of whoever was served the longest ago; None: none.

    Of these kinds, or of every kind.
    """
    async with database.begin() as session:
        row = await (await raw(session)).fetchrow(_CLAIM, SILENT_FOR, None if kinds is None else list(kinds))
    return None if row is None else RunJob(**row)


async def say(database: Database, job: RunJob, progress: str | None) -> bool:
    """Note that a run is computed, and how far it is; return whether it is still wanted of this process."""
    async with database.begin() as session:
        return await (await raw(session)).fetchval(_SAY, job.id, progress, job.tries) is not None


async def wait_again(database: Database, job: RunJob, *, tried: bool) -> None:
    """Queue a run again whose process ended; `tried` counts that as one of its tries."""
    async with database.begin() as session:
        await (await raw(session)).execute(_AGAIN, job.id, 0 if tried else 1, job.tries)


async def fail(database: Database, job: RunJob, reason: str) -> None:
    """Note that a run has no result, and why."""
    async with database.begin() as session:
        await (await raw(session)).fetchval(_END, job.id, RunState.FAILED, reason, job.tries)


async def finish(connection: asyncpg.Connection, job: RunJob, result: str | None) -> str | None:
    """Store the result under its digest, where none is yet, and end the run; return the result that is stored.

    None where the run was cancelled, or another process took it up.
    """
    if await connection.fetchval(_END, job.id, RunState.DONE, None, job.tries) is None:
        return None
    if result is not None:
        await connection.execute(_STORE, job.digest, result)
    stored: str = await connection.fetchval(_RESULT, job.digest)
    return stored


async def is_computed(database: Database, digest: str) -> bool:
    """Return whether the result of these inputs is stored."""
    return bool(await database.fetch(_RESULT, digest))


async def find_run(db: Reads, reference: str, kind: str, *, with_result: bool = True) -> RunRow | None:
    """Return a run, with its result where that is asked for; None where there is none."""
    rows = await db.fetch(_FIND, reference, kind, with_result)
    return _row(rows[0]) if rows else None


async def get_inputs(db: Reads, reference: str) -> str:
    """Return the line that a run's process reads."""
    rows = await db.fetch("SELECT inputs FROM run WHERE reference = $1::uuid", reference)
    return str(rows[0]["inputs"])


async def list_runs(
    db: Reads, *, kind: str, subject: str, as_known: datetime, before: int, limit: int, version: int | None = None
) -> list[RunRow]:
    """Return the runs of a subject that were requested by an instant, the latest first, without their results.

    `version` leaves those of its other versions out.
    """
    return [_row(row) for row in await db.fetch(_OF_SUBJECT, kind, subject, as_known, before, limit, version)]


def _row(row: asyncpg.Record) -> RunRow:
    return RunRow(**{**row, "state": RunState(row["state"])})
