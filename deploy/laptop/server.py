"""Serving on one port of this machine, and ending within seconds, long polls included."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import uvicorn

from deploy.laptop.front import running
from deploy.laptop.services import Footprint
from libs.common.service.app import stop

HOST = "127.0.0.1"
USUAL_PORT = 8000
_STOP_SECONDS = 5
_POLL_SECONDS = 0.01


class PortTaken(Exception):
    """Something else listens on the port that was asked for."""


class ServerEnded(Exception):
    """The server ended although nobody asked it to."""


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to whoever runs this: there is more to stop than the server."""
        yield


def listen(port: int | None) -> socket.socket:
    """Listen on `port`; without one on the usual port, or on a free one where that is taken. Raises PortTaken."""
    for wanted in (port,) if port is not None else (USUAL_PORT, 0):
        # Named as TCP, or asyncio leaves the connections without TCP_NODELAY, and every answer waits 40 ms.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, wanted))
            listener.listen(1024)
        except OSError as error:
            listener.close()
            if port is not None:
                raise PortTaken(f"port {port} cannot be had: {error.strerror}") from None
        else:
            return listener
    raise PortTaken("no port can be had")


def address_of(listener: socket.socket) -> str:
    """Return the address that a browser on this machine opens."""
    return f"http://{HOST}:{listener.getsockname()[1]}"


@asynccontextmanager
async def serving(footprint: Footprint, listener: socket.socket) -> AsyncIterator["asyncio.Task[None]"]:
    """Serve until the block is left. Yields the server's task, which ends before only if the server fails."""
    config = uvicorn.Config(
        footprint.app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    server = _Server(config)
    async with AsyncExitStack() as stack:
        for bus in set(footprint.buses.values()):
            stack.push_async_callback(bus.close)
        await stack.enter_async_context(running(footprint.services))
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
