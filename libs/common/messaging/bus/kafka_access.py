"""How to connect to Kafka and disconnect from it, and the errors of both."""

import asyncio
import ssl
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

CLOSE_SECONDS = 1.0
_REQUEST_MILLISECONDS = 10_000


class BusUnavailable(ConnectionError):
    """Kafka cannot be reached, or refuses something that it may accept later."""


class TopicMissing(Exception):
    """The topic does not exist, or has other settings than it needs."""


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """The brokers' addresses and our credentials."""

    bootstrap: str
    """One or more of the brokers, as `host:port,host:port`."""
    topic_prefix: str = "footprint."
    security: str = "plaintext"
    """`plaintext`, `ssl`, `sasl_plaintext` or `sasl_ssl`."""
    ca_file: str = ""
    mechanism: str = "SCRAM-SHA-512"
    user: str = ""
    password: str = field(default="", repr=False)

    def topic(self, source: str) -> str:
        """Return the topic of a service."""
        return f"{self.topic_prefix}{source}"

    def options(self) -> dict[str, Any]:
        """Return the connection options of every client."""
        options: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap,
            "client_id": "footprint",
            "security_protocol": self.security.upper(),
            "request_timeout_ms": _REQUEST_MILLISECONDS,
        }
        if self.security.endswith("ssl"):
            options["ssl_context"] = ssl.create_default_context(cafile=self.ca_file or None)
        if self.security.startswith("sasl"):
            options |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password,
            }
        return options


class Leaving:
    """Clients being closed in the background. The library may wait for dead brokers: for CLOSE_SECONDS only."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def let_go(self, stop: Awaitable[None], client: Any) -> None:
        """Await `stop`, then close the client below it, in the background."""
        task = asyncio.create_task(self._end(stop, client))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def gone(self) -> None:
        """Wait until all clients are closed or abandoned."""
        await asyncio.gather(*self._tasks)

    async def _end(self, stop: Awaitable[None], client: Any) -> None:
        for step in (lambda: stop, client.close):
            # The library lets cancellations of its own tasks escape.
            with suppress(Exception, asyncio.CancelledError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await step()
