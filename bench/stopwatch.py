"""Times work in a transaction that is rolled back: the next round finds everything as it was."""

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Database, raw

Work: TypeAlias = Callable[[AsyncSession], Awaitable[object]]


class _RolledBack(Exception):
    """Ends a measured transaction."""


async def seconds_of(database: Database, work: Work) -> float:
    """Return the seconds that this work takes in a transaction, without its commit, which never comes."""
    took = 0.0
    with suppress(_RolledBack):
        async with database.begin() as session:
            await raw(session)
            began = time.perf_counter()
            await work(session)
            await session.flush()
            took = time.perf_counter() - began
            raise _RolledBack
    return took


def sql(*statements: str) -> Work:
    """Return the work of running these statements as they are."""

    async def run(session: AsyncSession) -> None:
        connection = await raw(session)
        for statement in statements:
            await connection.execute(statement)

    return run
