"""An app on a socket of this process, for what a transport inside the process would not show."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from tests.support.waiting import until


@asynccontextmanager
async def on_a_socket(app: Any, **options: Any) -> AsyncIterator[str]:
    """The address of an app whose lifespan is under way already; `options` are uvicorn's."""
    config = uvicorn.Config(app, port=0, lifespan="off", access_log=False, log_config=None, **options)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())  # noqa: SLF001  (without taking over the test run's signals)

    async def has_started() -> bool:
        return server.started

    await until(has_started)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
