"""Copies what finance publishes of delays: one row an event."""

from collections.abc import Sequence

import asyncpg

from libs.common.events import Event
from libs.common.events.finance import DelayPriced

_KNOW = """
INSERT INTO known_price (proposal, body, horizon, months, monthly_pence, to_date_pence, case_reference, case_version,
                         effective_on, stated_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::bigint[], $6::bigint[], $7::text[], $8::int[],
                     $9::date[], $10::timestamptz[])
    ON CONFLICT DO NOTHING
"""


async def know_prices(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Insert what these events state, by one statement; a repeated event changes nothing."""
    rows = [
        (
            *(event.proposal, event.body, event.horizon, event.months, event.monthly_pence, event.to_date_pence),
            *(event.case, event.version, event.effective_on, event.stated_at),
        )
        for event in events
        if isinstance(event, DelayPriced)
    ]
    if rows:
        await connection.execute(_KNOW, *(list(column) for column in zip(*rows, strict=True)))
