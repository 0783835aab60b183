"""A cheap HTTP load generator: bare HTTP/1.1 over persistent connections."""

import asyncio
import time
from collections.abc import Iterator
from itertools import repeat
from typing import cast

_END = b"\r\n\r\n"


class Refused(Exception):
    """The server answered with something else than success."""


class _Connection(asyncio.Protocol):
    """Sends a request, reads its answer, and so on until told to stop."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        self._requests = requests
        self._read = bytearray()
        self._transport: asyncio.Transport | None = None
        self.answered = 0
        self.stopping = False
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._read += data
        head = self._read.find(_END)
        if head < 0:
            return
        lines = bytes(self._read[:head]).lower()
        size = int(lines.partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(self._read) < head + len(_END) + size:
            return
        if not lines.startswith(b"http/1.1 2"):
            self._end(Refused(self._read.decode(errors="replace")))
            return
        self._read.clear()
        self.answered += 1
        if self.stopping or self._transport is None:
            self._end(None)
        else:
            self._transport.write(next(self._requests))

    def connection_lost(self, _: Exception | None) -> None:
        self._end(Refused("the server closed the connection"))

    def _end(self, error: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_exception(error) if error else self.ended.set_result(None)
            if self._transport is not None:
                self._transport.close()


async def load(port: int, requests: Iterator[bytes], *, connections: int, seconds: float) -> float:
    """Send these requests, as many at a time as there are connections; return answers a second.

    Raises Refused where one is answered with anything but success.
    """
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    running = [
        (await loop.create_connection(lambda: _Connection(requests), "127.0.0.1", port))[1] for _ in range(connections)
    ]
    ended = [each.ended for each in running]
    await asyncio.wait(ended, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    for each in running:
        each.stopping = True
    await asyncio.wait_for(asyncio.gather(*ended), 60)
    return sum(each.answered for each in running) / (time.perf_counter() - began)


def get(path: str, headers: str = "") -> bytes:
    """Return the bytes of a GET request; each header line with its end."""
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\n{headers}\r\n".encode()


def post(path: str, body: bytes, headers: str = "") -> bytes:
    """Return the bytes of a POST request with a JSON body."""
    more = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}"
    return f"POST {path} HTTP/1.1\r\nHost: bench\r\n{more}\r\n".encode() + body


def always(request: bytes) -> Iterator[bytes]:
    """Give the same request again and again."""
    return repeat(request)
