"""Records what sources publish of populations."""

from collections.abc import Sequence

import asyncpg

from libs.common.events import Event
from libs.common.events.registry import PopulationPublished

_KEEP = """
INSERT INTO population_statement
       (code, basis, effective_on, people, stated_at, rank, source, local_authority, recorded_by)
SELECT new.*, $9
  FROM unnest($1::text[], $2::text[], $3::date[], $4::bigint[], $5::timestamptz[], $6::smallint[], $7::text[],
              $8::text[]) AS new
    ON CONFLICT DO NOTHING
RETURNING code, basis, effective_on, people, stated_at, source, local_authority
"""


async def state_populations(
    connection: asyncpg.Connection, events: Sequence[Event], *, source: str, by: str
) -> set[int]:
    """Record what the events state of populations; return the indexes of those with something new.

    `source` applies to an event that names none itself.
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
        [event.local_authority for _, event in said],
        by,
    )
    kept = {tuple(row) for row in rows}
    return {place for place, event in said if _key(event, source) in kept}


def _key(event: PopulationPublished, source: str) -> tuple[object, ...]:
    said = (event.code, event.basis, event.effective_on, event.people, event.stated_at)
    return *said, event.source or source, event.local_authority
