"""Runs the HTTP server on one port of this machine, and stops it within seconds, long polls included."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import uvicorn

from deploy.laptop.front import running
from deploy.laptop.services import Footprint
from libs.common.service.app import stop
from libs.common.service.protocol import bounded
from libs.common.service.serving import freeze

HOST = "127.0.0.1"
USUAL_PORT = 8000
_STOP_SECONDS = 5
_POLL_SECONDS = 0.01


class PortTaken(Exception):
    """The requested port is in use."""


class ServerEnded(Exception):
    """The server stopped without being asked to."""


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the caller: there is more to stop than the server."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve; what was made until then stays."""
        await super().startup(sockets)
        freeze()


def listen(port: int | None) -> socket.socket:
    """Listen on `port`; if None, on the usual port, or on a free one if that is taken. Raises PortTaken."""
    for candidate in (port,) if port is not None else (USUAL_PORT, 0):
        # TCP is given explicitly: otherwise asyncio does not set TCP_NODELAY, and every response waits 40 ms.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, candidate))
            listener.listen(1024)
        except OSError as error:
            listener.close()
            if port is not None:
                raise PortTaken(f"port {port} is not available: {error.strerror}") from None
        else:
            return listener
    raise PortTaken("no port is available")


def address_of(listener: socket.socket) -> str:
    """Return the address to open in a browser on this machine."""
    return f"http://{HOST}:{listener.getsockname()[1]}"


@asynccontextmanager
async def serving(footprint: Footprint, listener: socket.socket) -> AsyncIterator["asyncio.Task[None]"]:
    """Serve until the block ends. Yields the server's task, which ends earlier only if the server fails."""
    config = uvicorn.Config(
        footprint.app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        # All services have the same limits here, so one service's stand for the port.
        http=bounded(next(iter(footprint.services.values())).state.settings),
        ws="none",
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    server = _Server(config)
    async with AsyncExitStack() as stack:
        for bus in set(footprint.buses.values()):
            stack.push_async_callback(bus.close)
        stack.push_async_callback(footprint.branches.stop)
        await stack.enter_async_context(running([*footprint.services.values(), footprint.console]))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            while not server.started:
                if task.done():
                    task.result()
                    raise ServerEnded("the server did not start")
                await asyncio.sleep(_POLL_SECONDS)
            yield task
        finally:
            for service in footprint.services.values():
                stop(service)
            server.should_exit = True
            await task
