"""A restatement whose process is killed in the middle is done whole by the next, and once."""

import asyncio
import sys
from pathlib import Path

from libs.common.database.connection import Database, raw
from tests.finance.budgets.conftest import Budgets
from tests.finance.budgets.hearing_process import NAME
from tests.support.finance_harness import bucks_merges
from tests.support.waiting import until

ROOT = Path(__file__).parents[3]
YEAR = "2018-19"
_WAITING = "SELECT FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'"
_LIVING = "SELECT FROM pg_stat_activity WHERE application_name = $1"


async def restate_and_be_killed(database: Database) -> None:
    """Another process restates everything, and is killed by SIGKILL when it is about to publish that."""
    async with database.begin() as session:
        # Nothing goes into the outbox meanwhile: what is restated by then is written, but not yet committed.
        await (await raw(session)).execute("LOCK TABLE outbox IN SHARE MODE")
        command = (sys.executable, "-m", "tests.finance.budgets.hearing_process", database.url)
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
        await until(lambda: database.fetch(_WAITING, NAME), within=60)
        process.kill()
        await process.wait()

    async def is_gone() -> bool:
        return not await database.fetch(_LIVING, NAME)

    await until(is_gone)


async def test_a_restatement_killed_in_the_middle_loses_nothing_and_moves_nothing_twice(budgets: Budgets) -> None:
    before = {"stated": "2018-02-01T09:00:00Z"}
    for code, pence in (("10H", 100_01), ("10Y", 50_00)):
        await budgets.set_line(code, YEAR, amount_pence=pence, **before)
        await budgets.set_line(code, YEAR, amount_pence=77, function="bi", **before)
    await restate_and_be_killed(budgets.harness.database)
    assert await budgets.amounts("14Y", YEAR) == []
    assert await budgets.amounts("10H", YEAR) == [100_01, 77]
    assert await budgets.told("BudgetRestated") == []
    await budgets.harness.hear(bucks_merges(), bucks_merges())
    assert await budgets.amounts("14Y", YEAR) == [150_01, 154]
    assert await budgets.amounts("10H", YEAR) == await budgets.amounts("10Y", YEAR) == [0, 0]
    told = await budgets.told("BudgetRestated")
    assert [(one["amount_pence"], one["released_pence"]) for one in told] == [
        (150_01, [100_01, 50_00]),
        (154, [77, 77]),
    ]
