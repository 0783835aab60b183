"""Reads commitments for their customers, and reports of pressure for the reviewer, on the record."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Final

import asyncpg

from libs.common.database.connection import Reads
from libs.common.identity import Caller, NotYoursToDecide
from libs.common.process import context
from services.governance.commitments.views import CoercionReportView, CommitmentView, ConsultationView
from services.governance.core.sight import reads_through

_NOW: Final = datetime.max.replace(tzinfo=UTC)

# $1 the day, $2 the instant, $3 the codes that the caller reads through (null: every one).
_LIST = """
SELECT * FROM (
    SELECT DISTINCT ON (k.contract) k.contract, k.customers, k.not_established, k.signed_on, k.starts_on,
           k.annual_pence,
           coalesce((SELECT CASE o.what WHEN 'signed' THEN 'ratified' ELSE 'lapsed' END FROM known_commitment o
                      WHERE o.contract = k.contract AND o.what <> 'made' AND o.stated_at <= $2
                         AND (o.what = 'signed' OR o.effective_on <= $1)
                      ORDER BY o.stated_at DESC LIMIT 1), 'conditional') AS state
      FROM known_commitment k
     WHERE k.what = 'made' AND k.stated_at <= $2 AND k.signed_on <= $1 AND ($3::text[] IS NULL OR k.customers && $3)
       AND ($4::text IS NULL OR k.contract > $4)
     ORDER BY k.contract, k.stated_at DESC) made
 ORDER BY contract LIMIT $5
"""
_CONSULTED = """
SELECT contract, organisation, consulted, consulted_on FROM commitment_consultation
 WHERE contract = ANY($1) AND stated_at <= $2 AND consulted_on <= $3 ORDER BY contract, consulted_on, id
"""
_REPORTS = """
WITH chosen AS (
    SELECT * FROM coercion_report WHERE ($1::text IS NULL OR id > $1) ORDER BY id LIMIT $2
), recorded AS (
    INSERT INTO coercion_report_read (report_id, reader, request_id)
    SELECT id, $3, $4 FROM chosen ORDER BY id LIMIT $5 RETURNING report_id
)
SELECT c.id AS report, c.reporter, c.about, c.contract, c.occurred_on, c.words, c.lodged_on, c.stated_at
  FROM chosen c ORDER BY c.id
"""


async def list_commitments(
    db: Reads, *, by: Caller, as_at: date, as_known: datetime | None, after: str | None, limit: int
) -> list[CommitmentView]:
    """Return the commitments of the caller's organisations, by contract, as known at an instant."""
    codes, instant = await reads_through(db, by), as_known or _NOW
    rows = await db.fetch(_LIST, as_at, instant, codes, after, limit)
    consulted: dict[str, list[ConsultationView]] = defaultdict(list)
    for row in await db.fetch(_CONSULTED, [row["contract"] for row in rows], instant, as_at):
        consulted[row["contract"]].append(ConsultationView.model_validate(dict(row)))
    return [CommitmentView(**dict(row), consultations=consulted[row["contract"]]) for row in rows]


async def read_reports(
    connection: asyncpg.Connection, *, by: Caller, after: str | None, limit: int
) -> Sequence[CoercionReportView]:
    """Return reports of pressure, by id, and record that they were read. Raises NotYoursToDecide.

    One more than a page is fetched to see whether there is another page; it is neither shown nor recorded.
    """
    if not by.is_national:
        raise NotYoursToDecide("reports of pressure are read by the national reviewer alone")
    rows = await connection.fetch(_REPORTS, after, limit, by.subject, context.origin().causation, limit - 1)
    return [CoercionReportView.model_validate(dict(row)) for row in rows]
