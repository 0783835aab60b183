"""Reads mergers, their plans and their readiness, as known at an instant."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads, raw
from libs.common.temporal.believed import NOW
from libs.common.temporal.history import ALWAYS
from libs.organisations.schemes import suspension_in_force
from libs.organisations.statements import Facet
from services.registry.core.believed import believed
from services.registry.core.codes import ByCode
from services.registry.core.kinds import MergerStatus
from services.registry.core.permissions import PREPARING
from services.registry.core.sight import Sight
from services.registry.mergers.errors import MergerNotFound
from services.registry.mergers.rules import missing
from services.registry.mergers.views import (
    ConditionView,
    MergerInFullView,
    MergerListedView,
    MissingView,
    PauseView,
    PlanView,
    ReadinessView,
    SchemeView,
)
from services.registry.parts.part import AgreedPart

_AGREED = """
SELECT code, m.reference, m.effective_on
  FROM merger m
 CROSS JOIN LATERAL (SELECT unnest(m.predecessors || m.successor)
                      UNION ALL SELECT part ->> 'code' FROM jsonb_array_elements(m.parts) part) AS concerned (code)
 WHERE m.status = 'agreed' AND code = ANY($1)
"""

_AGREED_PARTS = """
SELECT part ->> 'code' AS code, m.reference, m.effective_on, part ->> 'share' AS share
  FROM merger m CROSS JOIN LATERAL jsonb_array_elements(m.parts) part
 WHERE m.status = 'agreed' AND part ->> 'code' = ANY($1) AND m.reference <> $2
 ORDER BY m.reference
"""


async def agreed_mergers_of(session: AsyncSession, codes: Iterable[str]) -> ByCode[tuple[str, date]]:
    """Return the agreed merger, with its day, of each of the codes that is part of one."""
    rows = await (await raw(session)).fetch(_AGREED, sorted(set(codes)))
    return {row["code"]: (row["reference"], row["effective_on"]) for row in rows}


async def agreed_parts_of(session: AsyncSession, codes: Iterable[str], *, but: str = "") -> ByCode[list[AgreedPart]]:
    """Return the parts of each of the codes that pass by agreed mergers, other than `but`."""
    parts: dict[str, list[AgreedPart]] = defaultdict(list)
    for code, *columns in await (await raw(session)).fetch(_AGREED_PARTS, sorted(set(codes)), but):
        parts[code].append(AgreedPart(*columns))
    return parts


_SOME = f"""
SELECT m.reference, m.successor, coalesce(nullif(m.successor_name, ''), seen.name, '') AS successor_name,
       coalesce(plan.predecessors, m.predecessors) AS predecessors, m.parts,
       plan.status, plan.effective_on, m.rule_pack, m.version, m.kind, m.application,
       plan.status = 'agreed' AND plan.effective_on <= $10::date AS overdue
  FROM merger m
 CROSS JOIN LATERAL (SELECT * FROM merger_plan p WHERE p.merger_id = m.id AND p.stated_at <= $1
                      ORDER BY p.stated_at DESC, p.number DESC LIMIT 1) plan
  -- An imported merger has no name of its own: the source of successions gives none.
  LEFT JOIN LATERAL (SELECT b.value AS name
                       FROM organisation o JOIN {believed("b", Facet.NAME, day="plan.effective_on", known=NOW)}
                      WHERE o.code = m.successor) seen ON true
 WHERE ($2::text IS NULL OR plan.status = $2)
   AND ($3::text IS NULL OR m.successor = $3 OR coalesce(plan.predecessors, m.predecessors) @> ARRAY[$3]
        OR m.parts @> jsonb_build_array(jsonb_build_object('code', $3::text)))
   AND ($4::date IS NULL OR plan.effective_on >= $4)
   AND ($5::date IS NULL OR plan.effective_on <= $5)
   AND ($6::text IS NULL OR m.reference = $6)
   AND ($7::date IS NULL OR (plan.effective_on, m.reference) > ($7, $8))
   AND ($11::bool IS NULL OR (plan.status = 'agreed' AND plan.effective_on <= $10::date) = $11)
 ORDER BY plan.effective_on, m.reference LIMIT $9
"""  # noqa: S608  (only names of ours are put in)

_PLANS = """
SELECT row_number() OVER (ORDER BY p.stated_at, p.number) AS number, p.status, p.effective_on, p.stated_at,
       CASE WHEN $3 THEN p.stated_by END AS stated_by, p.recorded_at
  FROM merger_plan p JOIN merger m ON m.id = p.merger_id
 WHERE m.reference = $1 AND p.stated_at <= $2 ORDER BY p.stated_at, p.number
"""


_SCHEMES = """
SELECT s.reference, s.sort, s.predecessors, m.successor, s.nil_return, s.made_on, s.stated_at,
       CASE WHEN $4 THEN s.stated_by END AS stated_by
  FROM transfer_scheme s JOIN merger m ON m.id = s.merger_id
 WHERE m.reference = $1 AND s.stated_at <= $2 AND ($3::date IS NULL OR s.made_on <= $3)
 ORDER BY s.made_on, s.reference
"""

_PAUSES = """
SELECT p.scheme, p.suspended, p.effective_on, p.reason, CASE WHEN $4 THEN p.words END AS words,
       CASE WHEN $4 THEN p.document END AS document, p.stated_at, CASE WHEN $4 THEN p.stated_by END AS stated_by
  FROM transfer_scheme_pause p JOIN merger m ON m.id = p.merger_id
 WHERE m.reference = $1 AND p.stated_at <= $2 AND ($3::date IS NULL OR p.effective_on <= $3)
 ORDER BY p.scheme, p.effective_on, p.stated_at
"""

_CONDITIONS = """
SELECT c.number, c.condition, CASE WHEN $4 THEN c.text END AS text, e.met_on, e.evidence_type,
       CASE WHEN $4 THEN e.evidence END AS evidence, e.stated_at AS evidenced_at,
       CASE WHEN $4 THEN e.stated_by END AS evidenced_by
  FROM merger_condition c JOIN merger m ON m.id = c.merger_id
  LEFT JOIN merger_evidence e ON e.merger_id = c.merger_id AND e.number = c.number AND e.stated_at <= $2
        AND ($3::date IS NULL OR e.met_on <= $3)
 WHERE m.reference = $1 AND c.stated_at <= $2 ORDER BY c.number
"""


@dataclass(frozen=True, slots=True)
class MergerFilter:
    """Filters of the list of mergers; None leaves a filter out. `code` is a predecessor or the successor."""

    status: MergerStatus | None = None
    code: str | None = None
    from_: date | None = None
    to: date | None = None
    overdue: bool | None = None


async def list_mergers(
    db: Reads,
    filters: MergerFilter,
    *,
    today: date,
    as_known: datetime | None,
    after: tuple[date, str] | None,
    limit: int,
) -> list[MergerListedView]:
    """Return a page of mergers ordered by day and reference; `after` is the cursor."""
    day, reference = after or (None, None)
    conditions = (filters.status, filters.code, filters.from_, filters.to, None)
    rows = await db.fetch(_SOME, as_known or ALWAYS, *conditions, day, reference, limit, today, filters.overdue)
    return [_listed(row) for row in rows]


async def get_merger(
    db: Reads, reference: str, *, sight: Sight, as_known: datetime | None, today: date
) -> MergerInFullView:
    """Return a merger with its plans, what is ready and what is missing. Raises MergerNotFound."""
    merger = await _merger(db, reference, as_known, today)
    party = sight.sees(*_codes(merger))
    conditions, schemes = await _conditions_and_schemes(db, reference, as_known, by=None, party=party)
    plans = await db.fetch(_PLANS, reference, as_known or ALWAYS, party)
    return MergerInFullView(
        **dict(merger),
        plans=[PlanView(**row) for row in plans],
        missing=_missing(merger, conditions, schemes),
        conditions=conditions,
        schemes=schemes,
    )


async def get_readiness(
    db: Reads, reference: str, *, sight: Sight, as_at: date, as_known: datetime | None, today: date
) -> ReadinessView:
    """Return what is ready and missing by a day, as known at an instant. Raises MergerNotFound."""
    merger = await _merger(db, reference, as_known, today)
    party = sight.sees(*_codes(merger))
    conditions, schemes = await _conditions_and_schemes(db, reference, as_known, by=as_at, party=party)
    lacking = _missing(merger, conditions, schemes)
    return ReadinessView(
        merger=reference,
        status=merger.status,
        effective_on=merger.effective_on,
        ready=not lacking,
        overdue=merger.status == MergerStatus.AGREED and merger.effective_on <= as_at,
        missing=lacking,
        conditions=conditions,
        schemes=schemes,
        rule_pack=merger.rule_pack,
        as_at=as_at,
        as_known=as_known,
    )


async def _merger(db: Reads, reference: str, as_known: datetime | None, today: date) -> MergerListedView:
    filters = (None, None, None, None, reference)
    rows = await db.fetch(_SOME, as_known or ALWAYS, *filters, None, None, 1, today, None)
    if not rows:
        raise MergerNotFound(f"no merger has the reference {reference}, or none was known then")
    return _listed(rows[0])


def _listed(row: asyncpg.Record) -> MergerListedView:
    return MergerListedView(**{**row, "parts": json.loads(row["parts"])})


async def _conditions_and_schemes(
    db: Reads, reference: str, as_known: datetime | None, *, by: date | None, party: bool
) -> tuple[list[ConditionView], list[SchemeView]]:
    """Return the conditions and the schemes of a merger by a day, all for None, with their words for a party."""
    asked = reference, as_known or ALWAYS, by, party
    pauses: defaultdict[str, list[PauseView]] = defaultdict(list)
    for row in await db.fetch(_PAUSES, *asked):
        pauses[row["scheme"]].append(PauseView(**row))
    schemes = [_scheme(row, pauses[row["reference"]]) for row in await db.fetch(_SCHEMES, *asked)]
    return [ConditionView(**row) for row in await db.fetch(_CONDITIONS, *asked)], schemes


def _scheme(row: asyncpg.Record, pauses: list[PauseView]) -> SchemeView:
    suspension = suspension_in_force(pauses)
    return SchemeView(**row, suspended_on=suspension.effective_on if suspension else None, pauses=pauses)


def _codes(merger: MergerListedView) -> list[str]:
    return [merger.successor, *merger.predecessors, *(part.code for part in merger.parts)]


def _missing(
    merger: MergerListedView, conditions: Iterable[ConditionView], schemes: Iterable[SchemeView]
) -> list[MissingView]:
    return [
        MissingView(message=one.message, field=one.field, roles=list(PREPARING), organisations=list(one.organisations))
        for one in missing(merger.predecessors, conditions, schemes)
    ]
