"""Posts to the targets of partners: only to addresses of the public internet, bounded in time and bytes."""

import asyncio
import socket
import ssl
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

import httpcore
import httpx

LONGEST_URL = 2_000
_MOST_READ_BYTES = 4_096
_READING_SECONDS = 1.0
_CONNECTING_SECONDS = 5.0
_KEPT_SECONDS = 60.0
"""Seconds for which an idle connection is kept: its address was checked when it was made, and names move."""
_MOST_CONNECTIONS = 100
_MOST_ADDRESSES = 3
_RESOLVERS = 8
"""Threads that resolve names, of their own: a name server that hangs holds up nothing else of the service."""

# Python 3.11 takes these for global: they lead to IPv4 addresses written inside, or are for protocols and examples.
_NOT_PUBLIC = tuple(
    ip_network(one)
    for one in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""The only part of IPv6 that is given out for the public internet."""


class Reach(StrEnum):
    """Where webhooks are sent: to the public internet, to this machine too, or nowhere."""

    PUBLIC = "public"
    LOOPBACK = "loopback"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a target answered: its status, and the seconds after which it wants to be asked again."""

    status: int
    retry_after: int = 0


class Undelivered(Exception):
    """The target gave no answer; the message says why, and nothing of what it sent."""


class AddressRefused(httpcore.ConnectError):
    """A target's name leads to an address that is not on the public internet."""


@cache
def _public_trust() -> ssl.SSLContext:
    """Return what certificates are checked by: once in a process, and not before it is needed, as it takes 0.2 s."""
    return httpx.create_ssl_context()


def refusal_of(url: str, reach: Reach) -> str | None:
    """Return why this cannot be a target, or None. Its name is resolved, and the address looked at, at each connection.

    It is https, without user, password or fragment; http is for a target on this machine, where that is allowed.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "this is no URL"
    if not host or not url.isascii() or not url.isprintable() or " " in url or len(url) > LONGEST_URL:
        return f"a target is a URL of at most {LONGEST_URL} ASCII characters, as https://partner.example/footprint"
    if parts.username is not None or parts.password is not None or "#" in url:
        return "a target has no user, no password and no fragment: the signature says who sends"
    is_here = reach == Reach.LOOPBACK and _is_loopback(host)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_here):
        return "a target begins with https://"
    return None if _may_be_literal(parts, reach) else "a target is on the public internet"


def _may_be_literal(parts: SplitResult, reach: Reach) -> bool:
    try:
        address = ip_address(parts.hostname or "")
    except ValueError:
        return parts.hostname != "localhost" or reach == Reach.LOOPBACK
    return may_be_reached(address, reach)


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


def may_be_reached(address: IPv4Address | IPv6Address, reach: Reach) -> bool:
    """Whether a webhook may be sent to this address."""
    if address.is_loopback:
        return reach == Reach.LOOPBACK
    if reach == Reach.NONE or not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if address.version == 6 and address not in _GLOBAL_UNICAST:
        return False
    return not any(address in network for network in _NOT_PUBLIC if network.version == address.version)


class _Checked(httpcore.AsyncNetworkBackend):
    """Resolves a name, looks at every address, and connects to one that it has looked at: no name is resolved twice."""

    def __init__(self, reach: Reach) -> None:
        self._reach, self._network = reach, httpcore.AnyIOBackend()
        self._resolvers = ThreadPoolExecutor(_RESOLVERS, thread_name_prefix="webhook names")

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  (httpcore's own interface)
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a host. Raises AddressRefused if any of its addresses may not be reached."""
        addresses = await self._resolved(host, port)
        if not all(may_be_reached(ip_address(address.partition("%")[0]), self._reach) for address in addresses):
            # Which address it is would tell a partner of names that only this network knows.
            raise AddressRefused("its address is not on the public internet")
        failure: Exception = httpcore.ConnectError("its name has no address")
        for address in addresses[:_MOST_ADDRESSES]:
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _resolved(self, host: str, port: int) -> list[str]:
        resolve = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._resolvers, resolve)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError("its name has no address") from error
        return list(dict.fromkeys(str(one[4][0]) for one in found))

    async def sleep(self, seconds: float) -> None:
        """Wait, as httpcore does between retries of its own; it makes none here."""
        await asyncio.sleep(seconds)

    def close(self) -> None:
        """Let the threads end."""
        self._resolvers.shutdown(wait=False, cancel_futures=True)


class Targets:
    """Connections to targets, kept for a minute between deliveries. Proxies of the environment are not used."""

    def __init__(self, reach: Reach, *, seconds: float, trusted: ssl.SSLContext | None = None) -> None:
        self._reach, self._seconds, self._trusted = reach, seconds, trusted
        self._network: _Checked | None = None
        self._pool: httpcore.AsyncConnectionPool | None = None

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post to a target and return its answer, following no redirect. Raises Undelivered.

        The answer counts once its status is there. Of its body so much is read that the connection can be used again,
        and no more than 4 KiB.
        """
        pool = await self._opened()
        try:
            async with asyncio.timeout(self._seconds):
                return await _post(pool, url, headers, body)
        except (TimeoutError, httpcore.TimeoutException):
            raise Undelivered(f"it did not answer within {self._seconds:g} s") from None
        except (httpcore.ConnectError, httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise Undelivered(_reason(error)) from error

    async def _opened(self) -> httpcore.AsyncConnectionPool:
        trusted = self._trusted or await asyncio.to_thread(_public_trust)
        if self._pool is None:
            self._network = _Checked(self._reach)
            self._pool = httpcore.AsyncConnectionPool(
                trusted,
                max_connections=_MOST_CONNECTIONS,
                max_keepalive_connections=_MOST_CONNECTIONS // 2,
                keepalive_expiry=_KEPT_SECONDS,
                network_backend=self._network,
            )
        return self._pool

    async def close(self) -> None:
        """Close every connection."""
        if self._pool is not None:
            await self._pool.aclose()
        if self._network is not None:
            self._network.close()
        self._pool = self._network = None


async def _post(pool: httpcore.AsyncConnectionPool, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    sent = [*headers.items(), ("User-Agent", "Footprint-Webhooks/1"), ("Content-Length", str(len(body)))]
    timeouts = {"connect": _CONNECTING_SECONDS}
    async with pool.stream("POST", url, headers=sent, content=body, extensions={"timeout": timeouts}) as response:
        with suppress(TimeoutError, httpcore.NetworkError, httpcore.ProtocolError):
            async with asyncio.timeout(_READING_SECONDS):
                await _read_little(response)
        return Answer(response.status, _retry_after(response.headers))


async def _read_little(response: httpcore.Response) -> None:
    read = 0
    async for part in response.aiter_stream():
        read += len(part)
        if read > _MOST_READ_BYTES:
            return


def _retry_after(headers: Iterable[tuple[bytes, bytes]]) -> int:
    """Return the seconds of Retry-After; 0 for a date, which a target's clock may have wrong."""
    value = next((value for name, value in headers if name.lower() == b"retry-after"), b"")
    return int(value) if value.isdigit() and len(value) < 10 else 0


def _reason(error: Exception) -> str:
    if isinstance(error, AddressRefused):
        return str(error)
    if isinstance(error, httpcore.ConnectError):
        is_tls = isinstance(error.__cause__, ssl.SSLError) or isinstance(error.__context__, ssl.SSLError)
        return "its certificate was not accepted" if is_tls else "no connection could be made"
    return "it answered no HTTP" if isinstance(error, httpcore.ProtocolError) else "the connection was lost"
