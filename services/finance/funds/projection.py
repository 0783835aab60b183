"""Copies what governance publishes of pools."""

from collections.abc import Sequence

import asyncpg

from libs.common.events import Event
from libs.common.events.governance import PooledFundAgreed

_POOL = """
INSERT INTO known_pool (fund, instrument, members, shares, host, effective_on, ends_on, stated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING
"""


async def know_pools(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Insert what these events say, in any order and once each."""
    pools = [one for one in events if isinstance(one, PooledFundAgreed)]
    await connection.executemany(
        _POOL,
        [
            (
                *(one.fund, one.instrument, list(one.members), list(one.shares)),
                *(one.host, one.effective_on, one.ends_on, one.stated_at),
            )
            for one in pools
        ],
    )
