"""Requests a report's document, queued for a process of its own unless it was written before; discards old ones."""

import hashlib
from datetime import date, datetime, timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.identity import Caller
from services.finance.documents.jobs import EDITION, DocumentJob, Format
from services.finance.documents.queries import KIND, subject_of
from services.finance.runs import queue
from services.finance.runs.queue import Requested, RunJob

KEPT_FOR: Final = timedelta(days=90)
"""After so long a document's bytes are discarded: who wants them again requests the report again."""
MOST_KEPT_BYTES: Final = 2 * 10**9
"""The most bytes that all documents take in the database; beyond them the oldest go first."""

# A document whose digest is requested again at this time stays: its run ends with what is stored.
_DISCARD = """
WITH kept AS (
    SELECT x.digest, x.recorded_at,
           sum(pg_column_size(x.result)) OVER (ORDER BY x.recorded_at DESC, x.digest) AS bytes
      FROM run_result x
     WHERE EXISTS (SELECT FROM run r WHERE r.digest = x.digest AND r.kind = $1)),
gone AS (
    DELETE FROM run_result x USING kept k
     WHERE x.digest = k.digest AND x.digest <> $2
       AND (k.bytes > $3 OR k.recorded_at < clock_timestamp() - $4::interval)
       AND NOT EXISTS (SELECT FROM run r WHERE r.digest = x.digest AND r.state IN ('queued', 'running'))
    RETURNING x.digest)
UPDATE run SET state = 'cancelled', reason = $5, inputs = '' FROM gone
 WHERE run.digest = gone.digest AND run.kind = $1 AND run.state = 'done'
"""


class RequestDocument(BaseModel):
    """What a report is to be written as."""

    model_config = ConfigDict(extra="forbid")

    format: Format = Field(description="`pdf`: PDF/UA-1, with charts. `xlsx`: a workbook with live formulas.")


async def request_document(
    session: AsyncSession, job: DocumentJob, *, by: Caller, today: date, as_known: datetime | None, stated_at: datetime
) -> Requested:
    """Queue the writing of a document for its caller. Raises TooManyRuns.

    The same document that another caller requested is not written again; each has a reference of its own.
    """
    inputs = job.model_dump_json()
    return await queue.request(
        await raw(session),
        kind=KIND,
        subject=subject_of(by, f"{job.name}.{job.format}"),
        version=EDITION,
        digest=hashlib.sha256(f"{EDITION} {inputs}".encode()).hexdigest(),
        inputs=inputs,
        organisations=sorted(by.organisations),
        by=by,
        at=stated_at,
        as_at=today,
        as_known=as_known,
    )


async def discard_old(
    session: AsyncSession, job: RunJob, _result: str, _today: date, _now: datetime, _by: Caller
) -> None:
    """Discard the bytes of documents that are too old, or too many, as one more is written: never of that one."""
    reason = f"it is no longer kept, after {KEPT_FOR.days} days or as newer ones needed the room: request it again"
    await (await raw(session)).execute(_DISCARD, KIND, job.digest, MOST_KEPT_BYTES, KEPT_FOR, reason)
