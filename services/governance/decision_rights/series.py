"""What an organisation decided in the same series: its parts count together, whoever decided them.

Rules 1.9: the same supplier and function, or one named series, within the pack's months.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import asyncpg

from libs.common.database.connection import Reads
from libs.common.rulepacks import RulePack, in_force
from libs.common.temporal.months import after_months
from services.governance.core.catalogue import packs_about
from services.governance.core.chains import LimitBasis, Question
from services.governance.subjects.queries import list_suppliers

_NOW = datetime.max.replace(tzinfo=UTC)
_MONTHS_DIFFER_BY = timedelta(days=3)
"""A month from 28 February and one back from 31 March meet."""

# Who is awarded a procurement may be known later than its decision, so that its supplier is asked for.
_PARTS = """
SELECT p.decision, p.proposal, p.value_pence, p.annual_pence, p.decided_on, p.stated_at, p.procurement,
       p.series <> '' AND p.series = $6 OR p.suppliers && $7::text[] AS counts, ended.ended_on
  FROM series_part p
 CROSS JOIN LATERAL (
       SELECT min(e.effective_on) AS ended_on FROM series_part_ended e
        WHERE e.decision = p.decision AND e.ended AND e.stated_at <= $4
          AND NOT EXISTS (SELECT FROM series_part_ended r
                           WHERE r.decision = e.decision AND r.effective_on = e.effective_on AND NOT r.ended
                             AND r.stated_at BETWEEN e.stated_at AND $4)) ended
 WHERE p.organisation = $1 AND p.decided_on BETWEEN $2 AND $3 AND p.stated_at <= $4 AND p.proposal <> $5
   AND (p.series <> '' AND p.series = $6
        OR p.functions && $7::text[] AND (p.suppliers && $7::text[] OR p.procurement <> ''))
 ORDER BY p.decided_on, p.stated_at, p.decision
"""
_LAST_KNOWN = """
SELECT max(stated_at) AS stated_at FROM series_part
 WHERE organisation = ANY($1::text[]) AND decided_on BETWEEN $2 AND $3
"""
_END = """
INSERT INTO series_part_ended (decision, effective_on, stated_at, ended)
SELECT DISTINCT decision, $2::date, $3::timestamptz, $4::bool FROM series_part WHERE proposal = $1 OR decision = $1
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What a question is a part of: a named series, or the same supplier and function; `proposal` does not count."""

    name: str = ""
    proposal: str = ""


@lru_cache(maxsize=1_000)
def series_pack_on(day: date, *, as_known: datetime | None = None) -> RulePack | None:
    """Return the rule pack that says how far back parts count together; None where none is in force."""
    return next(iter(in_force(packs_about("series"), day, subject="series", as_known=as_known)), None)


async def known_with_parts(db: Reads, organisations: Collection[str], *, on: date, stated_at: datetime) -> datetime:
    """Return the instant by which an act is stated and all parts recorded before it are known.

    A decision that was stated a moment later, and recorded before this one had the lock, is a part as well.
    """
    pack = series_pack_on(on)
    first, last = _window(on, pack.values["months"]) if pack else (on, on)
    [row] = await db.fetch(_LAST_KNOWN, sorted(organisations), first, last)
    return max(stated_at, row["stated_at"] or stated_at)


async def end_parts(db: asyncpg.Connection, of: str, *, on: date, stated_at: datetime) -> None:
    """Record that a decision, or all decisions on a proposal, commit no one any longer from a day on."""
    await db.execute(_END, of, on, stated_at, True)


async def restore_parts(db: asyncpg.Connection, of: str, *, on: date, stated_at: datetime) -> None:
    """Record that what was to end a decision, or all decisions on a proposal, on a day does not."""
    await db.execute(_END, of, on, stated_at, False)


async def with_parts(
    db: Reads, organisation: str, question: Question, series: Series, *, as_at: date, as_known: datetime | None
) -> Question:
    """Return the question with what the organisation decided in the same series, by each basis, as known.

    What was decided for a later day counts too: an act that is recorded late is as much a part of it as the other way
    round. Of the windows of the pack's months in which the day lies, the one with the highest sum counts.
    """
    pack = series_pack_on(as_at, as_known=as_known)
    if pack is None or not (series.name or question.subjects):
        return question
    first, last = _window(as_at, pack.values["months"])
    args = (organisation, first, last, as_known or _NOW, series.proposal, series.name, sorted(question.subjects))
    rows = await db.fetch(_PARTS, *args)
    procured = {row["procurement"] for row in rows if not row["counts"]}
    suppliers = await list_suppliers(db, procured, as_known=as_known) if procured else {}
    counted: list[Part] = []
    uncounted: list[str] = []
    for row in rows:
        known = suppliers.get(row["procurement"], ())
        if row["counts"] or question.subjects.intersection(known):
            counted.append(Part(**{name: row[name] for name in Part.__slots__}))
        elif not known:
            uncounted.append(row["decision"])
    decided, parts = fullest(counted, as_at, pack.values["months"])
    return replace(question, decided=decided, parts=parts, uncounted=tuple(uncounted))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a decision adds to a series; it no longer counts from `ended_on`."""

    decision: str
    proposal: str
    value_pence: int
    annual_pence: int
    decided_on: date
    ended_on: date | None = None

    def pence(self, basis: LimitBasis) -> int:
        """Return what it adds by a basis."""
        return self.annual_pence if basis is LimitBasis.ANNUAL else self.value_pence


def fullest(parts: Sequence[Part], day: date, months: int) -> tuple[dict[LimitBasis, int], tuple[str, ...]]:
    """Return by each basis the highest sum of the parts that count with one of a day, and these parts' decisions.

    A window ends on the day, or on the day of a later part that still stands, and reaches so many months back; a
    proposal counts once in it, however many of its bodies decided, or how often. `parts` are ordered by day.
    """
    standing = [one for one in parts if one.decided_on <= day or one.ended_on is None]
    later = {one.decided_on for one in standing if one.decided_on > day}
    ends = [day, *sorted(end for end in later if after_months(end, -months) <= day)]
    windows = [_counted(standing, end, months) for end in ends]
    most = {basis: max(windows, key=lambda window: sum(one.pence(basis) for one in window)) for basis in LimitBasis}
    named = {one.decision for window in most.values() for one in window}
    decided = {basis: sum(one.pence(basis) for one in window) for basis, window in most.items()}
    return decided, tuple(one.decision for one in parts if one.decision in named)


def _counted(parts: Sequence[Part], end: date, months: int) -> list[Part]:
    """Return the parts in the window that ends on a day: of each proposal the last one."""
    first = after_months(end, -months)
    within = {
        one.proposal: one
        for one in parts
        if first <= one.decided_on <= end and (one.ended_on is None or one.ended_on > end)
    }
    return list(within.values())


def _window(day: date, months: int) -> tuple[date, date]:
    """Return the days between which parts lie that may count with one of a day."""
    return after_months(day, -months), after_months(day, months) + _MONTHS_DIFFER_BY
