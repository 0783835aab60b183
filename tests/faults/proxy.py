"""A TCP proxy in front of a server: lets through, refuses, cuts, or keeps still as a network does that lost its way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

Connect: TypeAlias = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


class Proxy:
    """Between its port on this machine and whatever `connect` reaches."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._through = asyncio.Event()
        self._through.set()
        self._refuses = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._links: set[asyncio.Task[None]] = set()
        self._answered_no_more = self._after = b""
        self._swallows = False
        self._comings = 0
        self.port = 0

    def cut(self) -> None:
        """End every connection and refuse new ones, as when the server is gone."""
        self._refuses = True
        for writer in list(self._writers):
            writer.transport.abort()

    def swallow_the_answer_to(self, words: bytes, *, after: bytes) -> None:
        """Let these words through where the same connection said others before, and cut all once the server answers."""
        self._answered_no_more, self._after = words, after

    def keep_still(self) -> None:
        """Let nothing through any more and say nothing: half-open connections, and new ones without an answer."""
        self._through.clear()
        self._comings = 0

    async def was_given_up(self) -> bool:
        """Whether somebody came anew while nothing was let through."""
        return self._comings > 0

    def let_through(self) -> None:
        """Be a wire again; what was kept back meanwhile is lost with its connections, as after a reboot on the way."""
        if not self._through.is_set():
            for writer in list(self._writers):
                writer.transport.abort()
        self._refuses = False
        self._through.set()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Proxy"]:
        """Be there meanwhile."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()
            for link in list(self._links):
                link.cancel()
            await asyncio.gather(*self._links, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refuses:
            writer.transport.abort()
            return
        self._comings += 1
        link = asyncio.ensure_future(self._join(reader, writer))
        self._links.add(link)
        link.add_done_callback(self._links.discard)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with suppress(OSError):
            await self._through.wait()
            far_reader, far_writer = await self._connect()
            self._writers.add(far_writer)
            await asyncio.gather(self._ask(reader, far_writer), self._carry(far_reader, writer))
            self._writers.discard(far_writer)
        self._writers.discard(writer)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while some := await reader.read(65_536):
                await self._through.wait()
                if self._swallows:
                    self._swallows = False
                    self.cut()
                    return
                writer.write(some)
                await writer.drain()
        writer.transport.abort()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = b""
        with suppress(OSError):
            while some := await reader.read(65_536):
                await self._through.wait()
                said += some
                if self._after and self._after in said and self._answered_no_more in said.partition(self._after)[2]:
                    self._after, self._swallows = b"", True
                writer.write(some)
                await writer.drain()
        writer.transport.abort()
