"""Reads what a contract asks of its parties, as at a day, as known at an instant."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from libs.common.temporal.believed import NOW as NOW_KNOWN
from libs.common.temporal.believed import about, holds
from services.contracts.core.shares import ShareFacet, ShareTable, table_of
from services.contracts.core.sight import sight_of
from services.contracts.performance.errors import DocumentNotFound, DutyNotFound, MeasureNotFound
from services.contracts.performance.rules import is_reached
from services.contracts.performance.views import (
    DocumentsView,
    DocumentView,
    DutiesView,
    DutyView,
    MeasuresView,
    MeasureView,
    ResultView,
)

NOW = datetime.max.replace(tzinfo=UTC)

_DUTIES = """
SELECT * FROM (SELECT DISTINCT ON (code) * FROM duty
                WHERE contract_id = $1 AND kind = $2 AND stated_at <= $3 AND ($4::text IS NULL OR code = $4)
                ORDER BY code, stated_at DESC, id DESC) latest
 ORDER BY due_on, code
"""

_MEASURES = """
SELECT DISTINCT ON (code) code, title, unit, target, better, credit_pence, effective_on FROM measure
 WHERE contract_id = $1 AND stated_at <= $2 AND effective_on <= $3 AND ($4::text IS NULL OR code = $4)
 ORDER BY code, stated_at DESC, id DESC
"""

# Each result by the measure that held on the first day of its period.
_RESULTS = """
SELECT r.*, m.target, m.better, m.credit_pence
  FROM (SELECT DISTINCT ON (measure, period_from) measure, period_from, period_to, reached, document, stated_at
          FROM measure_result WHERE contract_id = $1 AND stated_at <= $2 AND period_to <= $3
         ORDER BY measure, period_from, stated_at DESC, id DESC) r
 CROSS JOIN LATERAL (
       SELECT target, better, credit_pence FROM measure m
        WHERE m.contract_id = $1 AND m.code = r.measure AND m.stated_at <= $2 AND m.effective_on <= r.period_from
        ORDER BY m.stated_at DESC, m.id DESC LIMIT 1) m
 ORDER BY r.measure, r.period_from
"""

_DOCUMENTS = """
SELECT sha256, name, media_type, size, stated_at FROM contract_document
 WHERE contract_id = $1 AND stated_at <= $2 ORDER BY stated_at, id
"""

_CONTENT = """
SELECT name, media_type, content FROM contract_document WHERE contract_id = $1 AND stated_at <= $2 AND sha256 = $3
"""

# Of contracts that run on the duty's day; a finding that is open is not looked for again.
_OPEN = """
SELECT c.id AS contract_id, c.reference, d.kind, d.code, d.owed_by, d.due_on
  FROM (SELECT DISTINCT ON (contract_id, kind, code) * FROM duty
         ORDER BY contract_id, kind, code, stated_at DESC, id DESC) d
  JOIN contract c ON c.id = d.contract_id
 WHERE d.fulfilled_on IS NULL
   AND EXISTS (SELECT FROM contract_life_belief b
                WHERE b.subject_id = c.id AND b.value = 'active' AND upper_inf(b.known)
                  AND (b.valid @> d.due_on) IS TRUE)
   AND NOT EXISTS (SELECT FROM finding f WHERE f.cleared_at IS NULL
                      AND f.key = d.kind || ':' || c.reference || ':' || d.code || ':' || d.due_on)
 ORDER BY d.due_on, c.reference, d.kind, d.code
"""


_COST = f"""
SELECT b.value FROM contract_share_belief b
 WHERE b.subject_id = $1 AND {about("b", ShareFacet.COST)} AND {holds("b", "$2", NOW_KNOWN)}
"""  # noqa: S608  (only what stands above is put in)


@dataclass(frozen=True, slots=True)
class OpenDuty:
    """A duty that is not fulfilled, of a contract that runs on its day."""

    contract_id: int
    reference: str
    kind: str
    code: str
    owed_by: str
    due_on: date

    @property
    def finding(self) -> str:
        """The key of the finding about it."""
        return finding_of(self.kind, self.reference, self.code, self.due_on)


def finding_of(kind: str, reference: str, code: str, day: date) -> str:
    """Return the key of the finding about a duty of this day, or about a measure's period that begins on it."""
    return f"{kind}:{reference}:{code}:{day.isoformat()}"


async def list_duties(
    db: Reads, reference: str, kind: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> DutiesView:
    """Return a contract's obligations or milestones. Raises ContractNotFound."""
    sight = await sight_of(db, reference, by=by, as_at=as_at, as_known=as_known)
    rows = await db.fetch(_DUTIES, sight.id, kind, sight.known, None)
    return DutiesView(
        contract=reference,
        items=[DutyView.model_validate({**row, "state": _state(row, as_at)}) for row in rows],
        as_at=as_at,
        as_known=as_known,
    )


def _state(row: Any, as_at: date) -> str:
    if row["fulfilled_on"] is not None and row["fulfilled_on"] <= as_at:
        return "fulfilled"
    return "due" if as_at <= row["due_on"] else "overdue"


async def get_duty(db: Reads, contract_id: int, kind: str, code: str) -> Any:
    """Return the row of a duty as it was stated last. Raises DutyNotFound."""
    if row := await find_duty(db, contract_id, kind, code):
        return row
    raise DutyNotFound(f"there is no {kind} {code}")


async def find_duty(db: Reads, contract_id: int, kind: str, code: str) -> Any:
    """Return the row of a duty as it was stated last; None where it never was."""
    rows = await db.fetch(_DUTIES, contract_id, kind, NOW, code)
    return rows[0] if rows else None


async def list_open_duties(db: Reads) -> list[OpenDuty]:
    """Return the duties that are not fulfilled and of which no finding is open, in the order of their days."""
    return [OpenDuty(**row) for row in await db.fetch(_OPEN)]


# Who is a party on the day of each duty, or on the nearest day of the term.
_PARTIES = """
SELECT asked.number,
       coalesce((SELECT b.value FROM contract_supplier_belief b
                  WHERE b.subject_id = c.id AND b.valid @> near.day AND upper_inf(b.known)), c.supplier_code)
       || ARRAY(SELECT cc.customer_code FROM contract_customer cc
                  JOIN contract_customer_belief b ON b.subject_id = cc.id
                 WHERE cc.contract_id = c.id AND b.valid @> near.day AND upper_inf(b.known)
                 ORDER BY cc.customer_code) AS parties
  FROM unnest($1::int[], $2::date[]) WITH ORDINALITY AS asked (contract, day, number)
  JOIN contract c ON c.id = asked.contract
 CROSS JOIN LATERAL (
       SELECT least(greatest(asked.day, c.starts_on), coalesce(c.exit_day, c.term_end, c.last_day)) AS day) near
 ORDER BY asked.number
"""


async def parties_of_duties(db: Reads, duties: Sequence[OpenDuty]) -> list[Sequence[str]]:
    """Return the supplier and the customers of each duty's contract on its day, in the order of the duties."""
    if not duties:
        return []
    asked = ([one.contract_id for one in duties], [one.due_on for one in duties])
    return [row["parties"] for row in await db.fetch(_PARTIES, *asked)]


async def list_measures(
    db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> MeasuresView:
    """Return a contract's measures with the results of periods that have ended. Raises ContractNotFound."""
    sight = await sight_of(db, reference, by=by, as_at=as_at, as_known=as_known)
    results: dict[str, list[ResultView]] = defaultdict(list)
    for row in await db.fetch(_RESULTS, sight.id, sight.known, as_at):
        reached = is_reached(Fraction(row["reached"]), Fraction(row["target"]), row["better"])
        credit = 0 if reached else row["credit_pence"]
        shown = {**row, "is_reached": reached, "credit_pence": credit}
        results[row["measure"]].append(ResultView.model_validate(shown))
    rows = await db.fetch(_MEASURES, sight.id, sight.known, as_at, None)
    return MeasuresView(
        contract=reference,
        items=[MeasureView(**row, results=results[row["code"]]) for row in rows],
        as_at=as_at,
        as_known=as_known,
    )


async def get_measure(db: Reads, contract_id: int, code: str, *, on: date) -> Any:
    """Return the row of a measure that holds on a day, as known now. Raises MeasureNotFound."""
    rows = await db.fetch(_MEASURES, contract_id, NOW, on, code)
    if not rows:
        raise MeasureNotFound(f"there is no measure {code} on {on.isoformat()}")
    return rows[0]


async def results_of(db: Reads, contract_id: int, code: str) -> list[Any]:
    """Return the results of a measure as they were stated last, each with the measure of its first day."""
    return [row for row in await db.fetch(_RESULTS, contract_id, NOW, date.max) if row["measure"] == code]


async def cost_table(db: Reads, contract_id: int, day: date) -> ShareTable | None:
    """Return how the customers divide the cost on a day, as known now; None where they agreed nothing."""
    rows = await db.fetch(_COST, contract_id, day)
    return table_of(rows[0]["value"]) if rows else None


async def list_documents(
    db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> DocumentsView:
    """Return what documents a contract has. Raises ContractNotFound."""
    sight = await sight_of(db, reference, by=by, as_at=as_at, as_known=as_known)
    rows = await db.fetch(_DOCUMENTS, sight.id, sight.known)
    return DocumentsView(contract=reference, items=[DocumentView(**row) for row in rows])


async def get_document(
    db: Reads, reference: str, sha256: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> tuple[str, str, bytes]:
    """Return a document's name, media type and bytes. Raises ContractNotFound, DocumentNotFound."""
    sight = await sight_of(db, reference, by=by, as_at=as_at, as_known=as_known)
    rows = await db.fetch(_CONTENT, sight.id, sight.known, sha256)
    if not rows:
        raise DocumentNotFound(f"{reference} has no document {sha256}")
    return rows[0]["name"], rows[0]["media_type"], rows[0]["content"]
