"""Projects on which days transfers of staff wait and continue, in whatever order it came."""

from collections.abc import Sequence

import asyncpg

from libs.common.events import Event
from libs.common.events.registry import TransferSchemeResumed, TransferSchemeSuspended

# Arrays of arrays must be rectangular, so that each list travels as its own text.
_PAUSES = """
INSERT INTO known_scheme_pause (merger, scheme, successor, predecessors, suspended, effective_on, stated_at)
SELECT m, s, c, string_to_array(p, ','), w, e, t
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bool[], $6::date[], $7::timestamptz[])
       AS new (m, s, c, p, w, e, t)
    ON CONFLICT DO NOTHING
"""
STAFF = "staff"


async def know_pauses(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Keep on which days transfer schemes of staff wait and continue, one row an event."""
    rows = [
        (
            *(one.merger, one.scheme, one.successor, ",".join(one.predecessors)),
            *(isinstance(one, TransferSchemeSuspended), one.effective_on, one.stated_at),
        )
        for one in events
        if isinstance(one, TransferSchemeSuspended | TransferSchemeResumed) and one.sort == STAFF
    ]
    if rows:
        await connection.execute(_PAUSES, *map(list, zip(*rows, strict=True)))
