"""A service as an operator runs it: a process of its own under uvicorn, on a real PostgreSQL."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
from fastapi import FastAPI

from bench.forks import Fork
from libs.common.identity import Role
from libs.common.service.protocol import bounded
from tests.support.edge import Tokens
from tests.support.platform import Platform
from tests.support.programs import REPOSITORY
from tests.support.sockets import on_a_socket
from tests.support.waiting import until


@dataclass
class ServedService:
    """A running service: its address, its process, its database and a client that signs in with every role."""

    name: str
    port: int
    process_id: int
    database_url: str
    client: httpx.AsyncClient

    @property
    def memory(self) -> int:
        """The bytes that the process has in memory."""
        pages = Path(f"/proc/{self.process_id}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    @property
    def children(self) -> list[str]:
        """The processes that it started and that still run."""
        return Path(f"/proc/{self.process_id}/task/{self.process_id}/children").read_text(encoding="ascii").split()

    @property
    def sockets(self) -> int:
        """The number of sockets that it has open."""
        folder = Path(f"/proc/{self.process_id}/fd")
        targets = [link.readlink() for link in folder.iterdir() if link.is_symlink()]
        return sum(str(target).startswith("socket:") for target in targets)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Open a bare connection, for requests that no library would send."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()

    async def send_raw(self, content: bytes) -> bytes:
        """Send bytes and return what the server sends until it closes the connection."""
        async with self.connect() as (reader, writer):
            writer.write(content)
            with suppress(ConnectionError):
                await writer.drain()
            return await reader.read()


@asynccontextmanager
async def served(name: str, url: str, tokens: Tokens, **settings: str) -> AsyncIterator[ServedService]:
    """Serve a service on a free port; `settings` are variables of its environment."""
    given = tokens.settings(url)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        "DATABASE_URL": given.database_url,
        "TOKEN_ISSUER": given.token_issuer,
        "TOKEN_AUDIENCE": given.token_audience,
        "JWKS_URL": given.jwks_url,
        "PORT": str(port),
        **settings,
    }
    process = Fork(f"services.{name}", "serve", folder=REPOSITORY, environment=environment)
    headers = tokens.header(*Role)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=120) as client:

            async def is_ready() -> bool:
                assert process.returncode is None, f"{name} ended by itself"
                try:
                    # Another test's server on the same port would not take these tokens.
                    metrics = await client.get("/metrics")
                    return metrics.is_success and (await client.get("/health/ready")).is_success
                except httpx.TransportError:
                    return False

            await until(is_ready, within=60)
            yield ServedService(name, port, process.pid, url, client)
    finally:
        process.kill()
        await asyncio.to_thread(process.wait)


@asynccontextmanager
async def on_sockets(platform: Platform) -> AsyncIterator[Platform]:
    """The same services, each called through uvicorn and the limits that it is served with."""
    async with AsyncExitStack() as stack:
        clients = {name: await stack.enter_async_context(_on_socket(app)) for name, app in platform.apps.items()}
        yield replace(platform, clients=clients)


@asynccontextmanager
async def _on_socket(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app whose lifespan is under way already."""
    async with (
        on_a_socket(app, http=bounded(app.state.settings), ws="none") as address,
        httpx.AsyncClient(base_url=address, timeout=60) as client,
    ):
        yield client
