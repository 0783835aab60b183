"""How many people a body serves: published counts, each of a day, by a source."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from libs.common.database.connection import Reads
from libs.common.events import Event
from libs.common.events.registry import PopulationPublished
from services.registry.lineage import ALWAYS
from services.registry.sources import family_of

_KEEP = """
INSERT INTO population_statement (code, basis, effective_on, people, stated_at, rank, source, recorded_by)
SELECT new.*, $8
  FROM unnest($1::text[], $2::text[], $3::date[], $4::bigint[], $5::timestamptz[], $6::smallint[], $7::text[]) AS new
    ON CONFLICT DO NOTHING
RETURNING code, basis, effective_on, people, stated_at, source
"""

_COUNTS = """
SELECT code, basis, people, effective_on, source, rank, stated_at, recorded_by
  FROM population_statement
 WHERE code = ANY($1) AND effective_on <= $2 AND stated_at <= $3
 ORDER BY code, basis, effective_on DESC, stated_at DESC, people DESC, source
"""


_SAID = """
SELECT id, basis, people, effective_on, source, rank, stated_at, recorded_by, recorded_at
  FROM population_statement
 WHERE code = $1 AND stated_at <= $2 AND ($3::text IS NULL OR basis = $3) AND ($4::bigint IS NULL OR id > $4)
 ORDER BY id LIMIT $5
"""


@dataclass(frozen=True, slots=True)
class Count:
    """What one source says of a body's people."""

    code: str
    basis: str
    people: int
    effective_on: date
    source: str
    rank: int
    stated_at: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True)
class KeptCount:
    """One count as it was put on record; `id` is its place there."""

    id: int
    basis: str
    people: int
    effective_on: date
    source: str
    rank: int
    stated_at: datetime
    recorded_by: str
    recorded_at: datetime


async def state_populations(
    connection: asyncpg.Connection, events: Sequence[Event], *, source: str, by: str
) -> set[int]:
    """Keep what the events say of populations; return the places of those that said something new.

    `source` is that of an event that names none itself.
    """
    said = [(place, event) for place, event in enumerate(events) if isinstance(event, PopulationPublished)]
    if not said:
        return set()
    rows = await connection.fetch(
        _KEEP,
        [event.code for _, event in said],
        [event.basis for _, event in said],
        [event.effective_on for _, event in said],
        [event.people for _, event in said],
        [event.stated_at for _, event in said],
        [event.rank for _, event in said],
        [event.source or source for _, event in said],
        by,
    )
    kept = {tuple(row) for row in rows}
    return {place for place, event in said if _key(event, source) in kept}


def _key(event: PopulationPublished, source: str) -> tuple[object, ...]:
    return event.code, event.basis, event.effective_on, event.people, event.stated_at, event.source or source


async def counts_of(
    db: Reads, codes: Iterable[str], *, as_at: date, as_known: datetime | None
) -> dict[str, dict[str, list[Count]]]:
    """Return by code and basis what each family of sources says last of a day, the one that rules first.

    A source of a higher rank rules, whenever a lower one speaks; among equals the later count, then the later word.
    """
    found: dict[str, dict[str, dict[str, Count]]] = defaultdict(lambda: defaultdict(dict))
    for row in await db.fetch(_COUNTS, sorted(set(codes)), as_at, as_known or ALWAYS):
        count = Count(*row)
        found[count.code][count.basis].setdefault(family_of(count.source), count)
    return {
        code: {basis: in_order(by_family.values()) for basis, by_family in sorted(bases.items())}
        for code, bases in found.items()
    }


def in_order(counts: Iterable[Count]) -> list[Count]:
    """Return the counts of several sources, the one that rules first."""
    return sorted(
        counts, key=lambda count: (count.rank, count.effective_on, count.stated_at, count.source), reverse=True
    )


async def list_statements(
    db: Reads, code: str, *, basis: str | None, as_known: datetime | None, after: int | None, limit: int
) -> list[KeptCount]:
    """Return what was ever said of a body's people, in the order in which it was put on record."""
    rows = await db.fetch(_SAID, code, as_known or ALWAYS, basis, after, limit)
    return [KeptCount(*row) for row in rows]
