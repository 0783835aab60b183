"""What an organisation decided before in the same series: its parts count together, whoever decided them.

Rules 1.9: the same supplier and function, or one named series, within the pack's months before.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import asyncpg

from libs.common.database.connection import Reads
from libs.common.rulepacks import RulePack, in_force
from libs.common.temporal.months import after_months
from services.governance.core.catalogue import PACKS
from services.governance.core.chains import LimitBasis, Question

_NOW = datetime.max.replace(tzinfo=UTC)

# A proposal commits an organisation once, however many of its bodies decided on it, or how often.
_PARTS = """
SELECT decision, value_pence, annual_pence
  FROM (
SELECT DISTINCT ON (p.proposal) p.decision, p.value_pence, p.annual_pence, p.decided_on
  FROM series_part p
 WHERE p.organisation = $1 AND p.decided_on BETWEEN $2 AND $3 AND p.stated_at <= $4
   AND p.proposal <> $5
   AND (p.series <> '' AND p.series = $6 OR p.suppliers && $7::text[] AND p.functions && $7::text[])
   AND NOT EXISTS (SELECT FROM series_part_ended e
                    WHERE e.decision = p.decision AND e.effective_on <= $3 AND e.stated_at <= $4)
 ORDER BY p.proposal, p.decided_on DESC, p.stated_at DESC, p.decision) part
 ORDER BY decided_on, decision
"""
_LAST_KNOWN = """
SELECT max(stated_at) AS stated_at FROM series_part
 WHERE organisation = ANY($1::text[]) AND decided_on BETWEEN $2 AND $3
"""
_END = """
INSERT INTO series_part_ended (decision, effective_on, stated_at)
SELECT DISTINCT decision, $2::date, $3::timestamptz FROM series_part WHERE proposal = $1 OR decision = $1
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What a question is a part of: a named series, or the same supplier and function; `proposal` does not count."""

    name: str = ""
    proposal: str = ""


def series_pack_on(day: date, *, as_known: datetime | None = None) -> RulePack | None:
    """Return the rule pack that says how far back parts count together; None where none is in force."""
    return next(iter(in_force(PACKS, day, subject="series", as_known=as_known)), None)


async def known_with_parts(db: Reads, organisations: Collection[str], *, on: date, stated_at: datetime) -> datetime:
    """Return the instant by which an act is stated and all parts recorded before it are known.

    A decision that was stated a moment later, and recorded before this one had the lock, is a part as well.
    """
    pack = series_pack_on(on)
    first = after_months(on, -pack.values["months"]) if pack else on
    [row] = await db.fetch(_LAST_KNOWN, sorted(organisations), first, on)
    return max(stated_at, row["stated_at"] or stated_at)


async def end_parts(db: asyncpg.Connection, of: str, *, on: date, stated_at: datetime) -> None:
    """Record that a decision, or all decisions on a proposal, commit no one any longer from a day on."""
    await db.execute(_END, of, on, stated_at)


async def with_parts(
    db: Reads, organisation: str, question: Question, series: Series, *, as_at: date, as_known: datetime | None
) -> Question:
    """Return the question with what the organisation decided before in the same series, by each basis."""
    pack = series_pack_on(as_at, as_known=as_known)
    if pack is None or not (series.name or question.subjects):
        return question
    first = after_months(as_at, -pack.values["months"])
    args = (organisation, first, as_at, as_known or _NOW, series.proposal, series.name, sorted(question.subjects))
    rows = await db.fetch(_PARTS, *args)
    return replace(question, parts=tuple(row["decision"] for row in rows), decided=_sums(rows))


def _sums(rows: Collection[Mapping[str, int]]) -> dict[LimitBasis, int]:
    whole_life, annual = sum(row["value_pence"] for row in rows), sum(row["annual_pence"] for row in rows)
    return {LimitBasis.SINGLE: whole_life, LimitBasis.ANNUAL: annual, LimitBasis.WHOLE_LIFE: whole_life}
