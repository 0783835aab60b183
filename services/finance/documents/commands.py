"""Requests a report's document: queued for a process of its own, unless the same one was written before."""

import hashlib
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.identity import Caller
from services.finance.documents.jobs import EDITION, DocumentJob, Format
from services.finance.documents.queries import KIND, subject_of
from services.finance.runs import queue
from services.finance.runs.queue import Requested


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
