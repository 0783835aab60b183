"""What is so of the direct bus alone: it is woken through the database, and takes one connection a source."""

import asyncio

from tests.support.sample_projection import Lamps


async def test_another_process_is_woken_through_the_database(lamps: Lamps) -> None:
    """Nothing in this process gives the signal: the log grows, and its growth is told, by another connection."""
    waiting = asyncio.create_task(lamps.bus.wait("lamps", 1, within=60, stop=asyncio.Event()))
    while not waiting.done():
        await lamps.rewrite("NOTIFY event_log")
        await asyncio.wait({waiting}, timeout=0.05)
    await waiting


async def test_the_direct_bus_takes_one_connection_a_source(lamps: Lamps) -> None:
    await asyncio.gather(*(lamps.bus.end("lamps") for _ in range(5)))
    row = await lamps.publisher.fetchrow(
        "SELECT count(*) AS connections FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'footprint bus'"
    )
    assert row is not None
    assert row["connections"] == 1
