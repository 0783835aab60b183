"""Reading allowances: what was set, what mergers made of it, by which rate and population, and what it has to carry."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime

import asyncpg

from libs.common.database.connection import Reads
from services.finance.allowances.errors import AllowanceNotFound, PopulationNotFound
from services.finance.charges import projection
from services.finance.charges.rules import Charge, charges
from services.finance.core.years import FinancialYear

_ALWAYS = datetime.max.replace(tzinfo=UTC)

# Keyed by (organisation, year): what is known at $3, of these organisations ($1: of all), after this key ($4, $5).
_PAGE = """
SELECT a.id, a.organisation_code, a.financial_year
  FROM allowance a
 WHERE ($1::text[] IS NULL OR a.organisation_code = ANY($1))
   AND ($2::int IS NULL OR a.financial_year = $2)
   AND (a.organisation_code, a.financial_year) > ($4, $5)
   AND (CASE WHEN $6::date IS NULL
        THEN EXISTS (SELECT FROM stated_population s WHERE s.allowance_id = a.id AND s.known @> $3::timestamptz)
             OR EXISTS (SELECT FROM allowance_part p WHERE p.allowance_id = a.id AND p.known @> $3::timestamptz)
             OR EXISTS (SELECT FROM restatement r WHERE r.allowance_id = a.id AND r.known @> $3::timestamptz)
        ELSE EXISTS (SELECT FROM allowance_part p
                      WHERE p.allowance_id = a.id AND p.known @> $3::timestamptz AND p.valid @> $6) END)
 ORDER BY a.organisation_code, a.financial_year
 LIMIT $7
"""

_STATED = """
SELECT allowance_id, population, source, first_day, rate_pence, rate_found, pack, amount_pence,
       lower(known) AS known_from, upper(known) AS known_to, recorded_at, event
  FROM stated_population WHERE allowance_id = ANY($1) AND ($2::timestamptz IS NULL OR known @> $2)
 ORDER BY lower(known)
"""

_PARTS = """
SELECT allowance_id, lower(valid) AS first_day, upper(valid) - 1 AS last_day, amount_pence, population, pack, merger,
       lower(known) AS known_from, upper(known) AS known_to, recorded_at
  FROM allowance_part WHERE allowance_id = ANY($1) AND ($2::timestamptz IS NULL OR known @> $2)
 ORDER BY lower(known), lower(valid)
"""

_MOVED = """
SELECT a.organisation_code AS successor, lower(r.valid) AS first_day, upper(r.valid) - 1 AS last_day, r.amount_pence,
       r.population, r.pack, r.merger, r.predecessors, r.released_pence, r.event,
       r.caused_by, lower(r.known) AS known_from, upper(r.known) AS known_to, r.recorded_at
  FROM restatement r JOIN allowance a ON a.id = r.allowance_id
 WHERE a.financial_year = $2 AND (a.organisation_code = $1 OR r.predecessors @> ARRAY[$1::text])
   AND ($3::timestamptz IS NULL OR r.known @> $3)
 ORDER BY lower(r.known), lower(r.valid), r.merger
"""

_ONE = "SELECT id, version FROM allowance WHERE organisation_code = $1 AND financial_year = $2"


@dataclass(frozen=True, slots=True)
class KnownAllowance:
    """An allowance as known at an instant: what was set (None where nothing was), and its parts by days."""

    organisation: str
    year: FinancialYear
    stated: asyncpg.Record | None
    parts: tuple[asyncpg.Record, ...]

    @property
    def amount_pence(self) -> int:
        """What the body has in the year, after mergers."""
        return sum(part["amount_pence"] for part in self.parts)

    @property
    def key(self) -> tuple[str, int]:
        """The key of the list's order."""
        return self.organisation, self.year.start


@dataclass(frozen=True, slots=True)
class Explained:
    """An allowance with what mergers moved to and from it, and the support charges that it carries."""

    allowance: KnownAllowance
    moved: tuple[asyncpg.Record, ...]
    charges: tuple[Charge, ...]
    charged_pence: int

    @property
    def exceeded_pence(self) -> int:
        """By how much the charges exceed the allowance; 0 where they do not."""
        return max(0, self.charged_pence - self.allowance.amount_pence)


@dataclass(frozen=True, slots=True)
class History:
    """Everything ever believed of an allowance, oldest knowledge first."""

    stated: tuple[asyncpg.Record, ...]
    parts: tuple[asyncpg.Record, ...]
    moved: tuple[asyncpg.Record, ...]


async def list_allowances(
    db: Reads,
    *,
    organisations: Collection[str] | None,
    year: FinancialYear | None,
    as_at: date | None,
    as_known: datetime | None,
    after: tuple[str, int],
    limit: int,
) -> list[KnownAllowance]:
    """Return allowances by organisation and year after a key, as known at an instant.

    `organisations` None means all; with `as_at` only those that have something on that day.
    """
    known_at = as_known or _ALWAYS
    start = year.start if year else None
    codes = None if organisations is None else sorted(organisations)
    rows = await db.fetch(_PAGE, codes, start, known_at, *after, as_at, limit)
    ids = [row["id"] for row in rows]
    stated = {row["allowance_id"]: row for row in await db.fetch(_STATED, ids, known_at)}
    parts = await db.fetch(_PARTS, ids, known_at)
    return [
        KnownAllowance(
            row["organisation_code"],
            FinancialYear(row["financial_year"]),
            stated.get(row["id"]),
            tuple(part for part in parts if part["allowance_id"] == row["id"]),
        )
        for row in rows
    ]


async def get_allowance(db: Reads, code: str, year: FinancialYear, *, as_known: datetime | None) -> Explained:
    """Return one allowance with all that explains it. Raises AllowanceNotFound where nothing is known of it."""
    known_at = as_known or _ALWAYS
    found = await list_allowances(
        db, organisations=[code], year=year, as_at=None, as_known=as_known, after=("", 0), limit=1
    )
    moved = await db.fetch(_MOVED, code, year.start, known_at)
    if not found:
        raise AllowanceNotFound(f"{code}: no allowance is known for {year}{_known_then(as_known)}")
    support = charges(code, year, await projection.list_contract_statements(db, code, as_known=as_known))
    total = sum(charge.amount_pence for charge in support)
    return Explained(found[0], tuple(moved), tuple(support), total)


async def get_history(db: Reads, code: str, year: FinancialYear) -> History:
    """Return everything ever believed of an allowance. Raises AllowanceNotFound."""
    rows = await db.fetch(_ONE, code, year.start)
    ids = [row["id"] for row in rows]
    stated, parts = await db.fetch(_STATED, ids, None), await db.fetch(_PARTS, ids, None)
    moved = await db.fetch(_MOVED, code, year.start, None)
    if not stated and not parts and not moved:
        raise AllowanceNotFound(f"{code}: no allowance is known for {year}")
    return History(tuple(stated), tuple(parts), tuple(moved))


async def get_population(
    db: Reads, code: str, year: FinancialYear, *, as_known: datetime | None
) -> tuple[asyncpg.Record, int]:
    """Return the population stated for an organisation's year, with its version. Raises PopulationNotFound."""
    for row in await db.fetch(_ONE, code, year.start):
        for stated in await db.fetch(_STATED, [row["id"]], as_known or _ALWAYS):
            return stated, row["version"]
    raise PopulationNotFound(f"{code}: no population was stated for {year}{_known_then(as_known)}")


def _known_then(as_known: datetime | None) -> str:
    return f" as known at {as_known.isoformat()}" if as_known else ""
