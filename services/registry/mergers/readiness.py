"""What a merger has and lacks before its day, as at a day, as known at an instant."""

from dataclasses import dataclass
from datetime import date, datetime

from libs.common.database.connection import Reads
from libs.common.errors import Reason
from libs.common.temporal.history import ALWAYS
from services.registry.mergers.models import MergerStatus, SchemeType
from services.registry.mergers.queries import get_merger
from services.registry.mergers.rules import missing


@dataclass(frozen=True, slots=True)
class SchemeAsKnown:
    """A transfer scheme of one sort from some predecessors, or a nil return."""

    reference: str
    sort: SchemeType
    predecessors: list[str]
    successor: str
    nil_return: bool
    made_on: date
    stated_at: datetime
    stated_by: str


@dataclass(frozen=True, slots=True)
class ConditionAsKnown:
    """A condition, and the evidence that it was met, where it was by then."""

    number: int
    text: str
    met_on: date | None
    evidence: str | None
    evidenced_at: datetime | None
    evidenced_by: str | None


@dataclass(frozen=True, slots=True)
class Readiness:
    """What a merger has and lacks. `overdue`: its day has come, and it did not take effect."""

    merger: str
    status: MergerStatus
    effective_on: date
    ready: bool
    overdue: bool
    missing: list[Reason]
    conditions: list[ConditionAsKnown]
    schemes: list[SchemeAsKnown]
    rule_pack: str
    as_at: date
    as_known: datetime | None


_SCHEMES = """
SELECT s.reference, s.sort, s.predecessors, m.successor, s.nil_return, s.made_on, s.stated_at, s.stated_by
  FROM transfer_scheme s JOIN merger m ON m.id = s.merger_id
 WHERE m.reference = $1 AND s.stated_at <= $2 AND ($3::date IS NULL OR s.made_on <= $3)
 ORDER BY s.made_on, s.reference
"""

_CONDITIONS = """
SELECT c.number, c.text, CASE WHEN met THEN c.met_on END, CASE WHEN met THEN c.evidence END,
       CASE WHEN met THEN c.evidenced_at END, CASE WHEN met THEN c.evidenced_by END
  FROM merger_condition c JOIN merger m ON m.id = c.merger_id
 CROSS JOIN LATERAL (SELECT c.evidenced_at <= $2 AND ($3::date IS NULL OR c.met_on <= $3)) AS shown (met)
 WHERE m.reference = $1 AND c.stated_at <= $2 ORDER BY c.number
"""


async def get_readiness(
    db: Reads, reference: str, *, as_at: date | None, as_known: datetime | None, today: date
) -> Readiness:
    """Return what a merger has and lacks by a day (None: all that is recorded), as known. Raises MergerNotFound."""
    merger, _ = await get_merger(db, reference, as_known=as_known, today=today)
    known = as_known or ALWAYS
    schemes = [SchemeAsKnown(*row) for row in await db.fetch(_SCHEMES, reference, known, as_at)]
    conditions = [ConditionAsKnown(*row) for row in await db.fetch(_CONDITIONS, reference, known, as_at)]
    lacking = missing(merger.predecessors, conditions, schemes)
    return Readiness(
        merger=reference,
        status=merger.status,
        effective_on=merger.effective_on,
        ready=not lacking,
        overdue=merger.status == MergerStatus.AGREED and merger.effective_on <= (as_at or today),
        missing=lacking,
        conditions=conditions,
        schemes=schemes,
        rule_pack=merger.rule_pack,
        as_at=as_at or today,
        as_known=as_known,
    )
