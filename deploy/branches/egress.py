"""Lets the process connect to the addresses that it is given, and to no other: what is planned leaves no branch."""

import socket
import sys
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from libs.common.process.logs import logger

_PORTS = {"http": 80, "https": 443}
_POSTGRES_PORT = 5432
_LEAVES = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_log = logger(__name__)


class Egress:
    """Where this process may connect to: `urls` of databases and of HTTP. What is refused is in `refused`, not sent.

    `install` puts it under every socket that Python opens in this process, for as long as that lives. The loop has to
    be asyncio's own: uvloop connects past Python.
    """

    def __init__(self, urls: Iterable[str]) -> None:
        self._folders, self._hosts = set[str](), set[tuple[str, int]]()
        for url in urls:
            self._allow(url)
        self._addresses = set[tuple[str, int]]()
        self.refused: list[str] = []

    def install(self) -> None:
        """Look at each connection from now on."""
        sys.addaudithook(self._look)

    def permits(self, address: Any) -> bool:
        """Whether this address of a socket is one of those given; a host's name is resolved anew where it is new."""
        if isinstance(address, str | bytes):
            path = address if isinstance(address, str) else address.decode(errors="replace")
            return path.rpartition("/")[0] in self._folders
        if not isinstance(address, tuple) or len(address) < 2:
            return False
        if (address[0], address[1]) not in self._addresses:
            self._addresses = {
                (str(one[4][0]), port) for host, port in self._hosts for one in _resolved(host, port)
            } | self._hosts
        return (address[0], address[1]) in self._addresses

    def _allow(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme == "file":
            return
        if folder := parse_qs(parts.query).get("host"):
            self._folders.add(folder[0].rstrip("/"))
        elif parts.hostname:
            self._hosts.add((parts.hostname, parts.port or _PORTS.get(parts.scheme, _POSTGRES_PORT)))

    def _look(self, event: str, arguments: tuple[Any, ...]) -> None:
        # A socket that is connected sends to no address of its own.
        if event not in _LEAVES or arguments[1] is None or self.permits(arguments[1]):
            return
        self.refused.append(str(arguments[1]))
        _log.warning("refused to connect", address=str(arguments[1]))
        raise PermissionError(f"nothing leaves a branch: {arguments[1]}")


def _resolved(host: str, port: int) -> list[Any]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return []
