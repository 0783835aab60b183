"""Statistics follow a bulk load: of tables that doubled, within the load's own transaction, and of no others."""

from libs.common.database.connection import raw
from libs.common.database.statistics import analyze
from libs.common.messaging.rebuild import rebuild
from tests.support.sample_projection import Lamps, lit


async def rows_planned_for(lamps: Lamps, table: str) -> float:
    """Return how many rows the planner believes the table has; -1 where it was never analyzed."""
    row = await lamps.subscriber.fetchrow("SELECT reltuples FROM pg_class WHERE oid = $1::text::regclass", table)
    assert row is not None
    return float(row["reltuples"])


async def load(lamps: Lamps, first: int, last: int) -> list[str]:
    """Load deeds set-based and analyze; return what was analyzed."""
    async with lamps.subscriber.begin() as session:
        connection = await raw(session)
        await connection.execute(
            "INSERT INTO deed (cause, lamp, shine, known)"
            " SELECT 'load', 'lamp ' || n, n, 1 FROM generate_series($1::int, $2::int) n",
            first,
            last,
        )
        return list(await analyze(connection))


async def test_a_table_that_doubled_is_analyzed_and_no_other(lamps: Lamps) -> None:
    assert await load(lamps, 1, 50_000) == ["deed"]
    assert await rows_planned_for(lamps, "deed") == 50_000
    assert await load(lamps, 50_001, 60_000) == []
    assert await load(lamps, 60_001, 110_000) == ["deed"]
    assert await rows_planned_for(lamps, "deed") == 110_000


async def test_a_rebuilt_projection_is_analyzed(lamps: Lamps) -> None:
    await lamps.told(*(lit(f"lamp {number}", number) for number in range(3)))
    await lamps.follow(3)
    assert await rows_planned_for(lamps, "known_lamp") == -1
    assert (await rebuild(lamps.subscriber, lamps.bus, lamps.subscriptions, "known_lamps")).is_equal
    assert await rows_planned_for(lamps, "known_lamp") == 3


async def test_a_consumer_that_catches_up_with_a_long_log_analyzes_what_grew(lamps: Lamps) -> None:
    lamps.subscriptions.acting.clear()  # each would take a transaction's time of its own
    await lamps.tell(*(lit(f"lamp {number} {'x' * 300}", number) for number in range(1500)))
    await lamps.sequence()
    await lamps.follow(1500, batch=500, analyze_every=1000)
    assert await rows_planned_for(lamps, "known_lamp") == 1000
