"""Finance's copy of the registry's counts of people, by the registry's own rule of precedence."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final

import asyncpg

from libs.common.database.connection import Reads
from libs.common.events import Event
from libs.common.events.registry import PopulationPublished
from libs.common.messaging.subscriptions import Projection
from libs.organisations.populations import Count, in_precedence
from services.finance.core.years import FinancialYear

_OWN: Final = "command"
"""What the registry calls its own statements, which name no source in events."""
_NOW: Final = datetime.max.replace(tzinfo=UTC)

MIGRATED: Final = "(migration)"
"""The row of a migration that found organisations known already: the copy is then rebuilt at the start."""

projection = Projection(
    name="known_counts",
    tables=("known_count",),
    content="""
SELECT code, basis, local_authority, effective_on::text, people::text, stated_at::text, rank::text, source
  FROM known_count ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
""",
    carried_over=f"SELECT EXISTS (SELECT FROM known_count WHERE code = '{MIGRATED}')",  # noqa: S608  (a name from the code)
)

_KNOW = """
INSERT INTO known_count (code, basis, local_authority, effective_on, people, stated_at, rank, source)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::bigint[], $6::timestamptz[], $7::smallint[],
                     $8::text[])
    ON CONFLICT DO NOTHING
"""

_COUNTS = """
SELECT code, people, effective_on, source, rank, stated_at FROM known_count
 WHERE ($1::text[] IS NULL OR code = ANY($1)) AND basis = $2 AND local_authority = ''
   AND effective_on BETWEEN $3 AND $4 AND stated_at <= $5
"""


_COUNTS_OF_BASES = """
SELECT basis, code, people, effective_on, source, rank, stated_at FROM known_count
 WHERE code = ANY($1) AND basis = ANY($2) AND local_authority = '' AND effective_on <= $3 AND stated_at <= $4
"""


async def know(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Take a batch of counts into the copy, in one statement."""
    rows = [
        (
            one.code,
            one.basis,
            one.local_authority,
            one.effective_on,
            one.people,
            one.stated_at,
            one.rank,
            one.source or _OWN,
        )
        for one in events
        if isinstance(one, PopulationPublished)
    ]
    await connection.execute(_KNOW, *([list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 8))


async def counts_of(
    db: Reads,
    codes: Collection[str] | None,
    *,
    basis: str,
    from_: date = date.min,
    as_at: date,
    as_known: datetime | None = None,
) -> dict[str, Count]:
    """Return of each body (None: of all) counted on a basis from a day up to another the count that has precedence."""
    counts: dict[str, list[Count]] = defaultdict(list)
    asked = None if codes is None else sorted(set(codes))
    for row in await db.fetch(_COUNTS, asked, basis, from_, as_at, as_known or _NOW):
        code, *columns = row
        counts[code].append(Count(*columns))
    return {code: in_precedence(several)[0] for code, several in counts.items()}


async def counts_on_days(
    db: Reads, asked: Mapping[tuple[str, date], Collection[str]], *, as_known: datetime | None = None
) -> dict[tuple[str, date], dict[str, Count]]:
    """Return for each basis and day the counts of these bodies that have precedence then, all by one query."""
    codes = sorted({code for several in asked.values() for code in several})
    bases = sorted({basis for basis, _ in asked})
    counts: dict[tuple[str, str], list[Count]] = defaultdict(list)
    for row in await db.fetch(_COUNTS_OF_BASES, codes, bases, max(day for _, day in asked), as_known or _NOW):
        basis, code, *columns = row
        counts[basis, code].append(Count(*columns))
    found: dict[tuple[str, date], dict[str, Count]] = {}
    for (basis, day), several in asked.items():
        of_day = {code: [one for one in counts.get((basis, code), []) if one.effective_on <= day] for code in several}
        found[basis, day] = {code: in_precedence(holding)[0] for code, holding in of_day.items() if holding}
    return found


async def counts_by_year(
    db: Reads,
    codes: Collection[str] | None,
    *,
    basis: str,
    years: tuple[FinancialYear, FinancialYear],
    as_known: datetime | None = None,
) -> dict[tuple[str, FinancialYear], Count]:
    """Return of each body (None: of all) and year the count of a day of that year that has precedence."""
    counts: dict[tuple[str, FinancialYear], list[Count]] = defaultdict(list)
    asked = None if codes is None else sorted(set(codes))
    first, last = years[0].first_day, years[1].last_day
    for row in await db.fetch(_COUNTS, asked, basis, first, last, as_known or _NOW):
        code, *columns = row
        count = Count(*columns)
        counts[code, FinancialYear.of(count.effective_on)].append(count)
    return {key: in_precedence(several)[0] for key, several in counts.items()}
