"""Runs waiting imports of payments one after the other, as a background task of the service."""

import asyncio
from contextlib import suppress

from libs.common.database.connection import Database
from libs.common.process.clock import Clock
from libs.common.process.tasks import Alive, Run
from libs.common.service.settings import Settings
from services.contracts.imports.runner import claim, run

_LOOK_AGAIN_SECONDS = 1


def payment_imports(database: Database, clock: Clock, _: Settings) -> Run:
    """Return the background task of imports of payments."""

    async def work(stop: asyncio.Event, alive: Alive) -> None:
        while not stop.is_set():
            job = await claim(database)
            alive()
            if job is not None:
                await run(database, job, clock=clock, stop=stop)
                continue
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _LOOK_AGAIN_SECONDS)

    return work
