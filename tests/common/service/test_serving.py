"""A real server: it stops within seconds while a partner waits, and leaves nothing undone."""

import asyncio
import signal
import socket
import sys
import time
from pathlib import Path

import httpx
import pytest

from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from libs.common.service.app import create_service
from libs.common.service.serving import Server
from tests.support import sample_service
from tests.support.edge import Tokens, tokens
from tests.support.sample_service import url
from tests.support.statements import LONG_POLL, was_asked
from tests.support.waiting import until

__all__ = ["tokens", "url"]


async def test_a_server_stops_within_seconds_while_a_long_poll_is_open(url: str, tokens: Tokens) -> None:
    app = create_service(sample_service.SERVICE, tokens.settings(url), DirectBus({}))
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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_process_ends_well_on_a_signal_while_a_long_poll_is_open(
    url: str, tokens: Tokens, number: signal.Signals
) -> None:
    settings = tokens.settings(url)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        "DATABASE_URL": settings.database_url,
        "TOKEN_ISSUER": settings.token_issuer,
        "TOKEN_AUDIENCE": settings.token_audience,
        "JWKS_URL": settings.jwks_url,
        "PORT": str(port),
    }
    program = "from libs.common.service.cli import run; from tests.support.sample_service import SERVICE; run(SERVICE)"
    root = Path(__file__).parents[3]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, "serve"), cwd=root, env=environment, stderr=asyncio.subprocess.PIPE
    )
    headers = tokens.header(Role.PARTNER)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=40) as client:

        async def is_ready() -> bool:
            try:
                return (await client.get("/health/ready")).status_code == 200
            except httpx.TransportError:
                return False

        await until(is_ready, within=30)
        waiting = asyncio.create_task(client.get("/v1/events?wait=30"))
        await until(lambda: was_asked(url, LONG_POLL), within=30)
        began = time.monotonic()
        process.send_signal(number)
        _, told = await process.communicate()
        assert time.monotonic() - began < 4
        assert (await waiting).status_code == 200
    assert process.returncode == 0, told.decode()
    assert b"Traceback" not in told
