"""What was planned and done about mergers, as known at an instant."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads, raw
from libs.common.temporal.believed import NOW
from libs.common.temporal.history import ALWAYS
from libs.organisations.statements import Facet
from services.registry.core.believed import believed
from services.registry.mergers.errors import MergerNotFound
from services.registry.mergers.models import MergerStatus

_AGREED = """
SELECT code, m.reference, m.effective_on
  FROM merger m CROSS JOIN LATERAL unnest(m.predecessors || m.successor) AS part (code)
 WHERE m.status = 'agreed' AND code = ANY($1)
"""


async def agreed_mergers_of(session: AsyncSession, codes: Iterable[str]) -> dict[str, tuple[str, date]]:
    """Return the agreed merger, with its day, of each of the codes that is part of one."""
    rows = await (await raw(session)).fetch(_AGREED, sorted(set(codes)))
    return {row["code"]: (row["reference"], row["effective_on"]) for row in rows}


_SOME = f"""
SELECT m.reference, m.successor, coalesce(nullif(m.successor_name, ''), seen.name, ''), m.predecessors,
       plan.status, plan.effective_on, m.rule_pack, m.version, m.kind, m.application,
       plan.status = 'agreed' AND plan.effective_on <= $10::date AS overdue
  FROM merger m
 CROSS JOIN LATERAL (SELECT * FROM merger_plan said WHERE said.merger_id = m.id AND said.stated_at <= $1
                      ORDER BY said.stated_at DESC, said.number DESC LIMIT 1) plan
  -- An imported merger bears no name of its own: the source of successions says none.
  LEFT JOIN LATERAL (SELECT b.value AS name
                       FROM organisation o JOIN {believed("b", Facet.NAME, day="plan.effective_on", known=NOW)}
                      WHERE o.code = m.successor) seen ON true
 WHERE ($2::text IS NULL OR plan.status = $2)
   AND ($3::text IS NULL OR m.successor = $3 OR m.predecessors @> ARRAY[$3])
   AND ($4::date IS NULL OR plan.effective_on >= $4)
   AND ($5::date IS NULL OR plan.effective_on <= $5)
   AND ($6::text IS NULL OR m.reference = $6)
   AND ($7::date IS NULL OR (plan.effective_on, m.reference) > ($7, $8))
   AND ($11::bool IS NULL OR (plan.status = 'agreed' AND plan.effective_on <= $10::date) = $11)
 ORDER BY plan.effective_on, m.reference LIMIT $9
"""  # noqa: S608  (only names of ours are put in)

_PLANS = """
SELECT p.number, p.status, p.effective_on, p.stated_at, p.stated_by, p.recorded_at
  FROM merger_plan p JOIN merger m ON m.id = p.merger_id
 WHERE m.reference = $1 AND p.stated_at <= $2 ORDER BY p.number
"""


@dataclass(frozen=True, slots=True)
class MergerAsKnown:
    """A merger by what was last said of it. `overdue`: its day has come, and it did not take effect."""

    reference: str
    successor: str
    successor_name: str
    predecessors: list[str]
    status: MergerStatus
    effective_on: date
    rule_pack: str
    version: int
    kind: str
    application: str | None
    overdue: bool


@dataclass(frozen=True, slots=True)
class PlanAsKnown:
    """What was said of a merger at one instant."""

    number: int
    status: MergerStatus
    effective_on: date
    stated_at: datetime
    stated_by: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class MergerFilters:
    """Which mergers are asked for; None leaves a filter out. `code` is a predecessor or the successor."""

    status: MergerStatus | None = None
    code: str | None = None
    from_: date | None = None
    to: date | None = None
    overdue: bool | None = None


async def list_mergers(
    db: Reads,
    filters: MergerFilters,
    *,
    today: date,
    as_known: datetime | None,
    after: tuple[date, str] | None,
    limit: int,
) -> list[MergerAsKnown]:
    """Return mergers in the order of their days and references, from the one behind `after`."""
    day, reference = after or (None, None)
    wanted = (filters.status, filters.code, filters.from_, filters.to, None)
    rows = await db.fetch(_SOME, as_known or ALWAYS, *wanted, day, reference, limit, today, filters.overdue)
    return [MergerAsKnown(*row) for row in rows]


async def get_merger(
    db: Reads, reference: str, *, as_known: datetime | None, today: date = date.min
) -> tuple[MergerAsKnown, list[PlanAsKnown]]:
    """Return a merger with everything said of it until then; `today` tells what is overdue. Raises MergerNotFound."""
    known = as_known or ALWAYS
    rows = await db.fetch(_SOME, known, None, None, None, None, reference, None, None, 1, today, None)
    if not rows:
        raise MergerNotFound(f"no merger has the reference {reference}, or none was known then")
    return MergerAsKnown(*rows[0]), [PlanAsKnown(*row) for row in await db.fetch(_PLANS, reference, known)]
