"""A real server: it stops within seconds while a partner waits, and leaves nothing undone."""

import asyncio
import time

import httpx

from libs.common.bus.direct import DirectBus
from libs.common.identity import Role
from libs.common.service import create_service
from libs.common.serving import Server
from tests.common import beacons
from tests.common.beacons import url
from tests.common.edge import Tokens, tokens
from tests.waiting import until

__all__ = ["tokens", "url"]


async def test_a_server_stops_within_seconds_while_a_long_poll_is_open(url: str, tokens: Tokens) -> None:
    app = create_service(beacons.SERVICE, tokens.settings(url), DirectBus({}))
    server = Server(app, tokens.settings(url, port=0))
    serving = asyncio.create_task(server._serve())  # noqa: SLF001  (without taking over the test run's signals)

    async def has_started() -> bool:
        return server.started

    await until(has_started)
    port = server.servers[0].sockets[0].getsockname()[1]
    headers = tokens.header(Role.PARTNER, Role.REGISTRAR)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=40) as client:
        assert (await client.get("/health/ready")).json()["ready"] is True
        waiting = asyncio.create_task(client.get("/v1/events?wait=30"))

        async def is_open() -> bool:
            return bool(server.server_state.tasks)

        await until(is_open)
        began = time.monotonic()
        server.should_exit = True
        page = await waiting
        await serving
    assert (page.status_code, page.json()["items"]) == (200, [])
    assert time.monotonic() - began < 3
    assert not app.state.tasks.dead
