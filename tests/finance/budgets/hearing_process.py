"""A process of finance that hears of one merger, to be killed in the middle of restating."""

import asyncio
import sys

from libs.common.database.connection import Database
from tests.support.finance_harness import FinanceHarness, bucks_merges

NAME = "to be killed"


async def hear(url: str) -> None:
    """Deal with the merger in one transaction, as the inbox does."""
    database = Database(url, application_name=NAME)
    await database.open()
    await FinanceHarness(database).hear(bucks_merges())


if __name__ == "__main__":
    asyncio.run(hear(*sys.argv[1:]))
