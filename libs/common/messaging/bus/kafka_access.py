"""How Kafka is reached and left, and what can go wrong with that."""

import asyncio
import ssl
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

CLOSE_SECONDS = 1.0
_REQUEST_MILLISECONDS = 10_000


class BusUnavailable(ConnectionError):
    """Kafka cannot be reached, or does not do now what it may do later."""


class TopicMissing(Exception):
    """There is no such topic, or it is not as we need it."""


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """Where the brokers are, and who we are to them."""

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
        """Return what every client needs to connect."""
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
    """Clients that are being closed. The library may wait for brokers that do not answer: for a moment only."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def let_go(self, stop: Awaitable[None], client: Any) -> None:
        """Await `stop`, then close the client under it, in the background."""
        task = asyncio.create_task(self._end(stop, client))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def gone(self) -> None:
        """Wait until all are closed, or given up."""
        await asyncio.gather(*self._tasks)

    async def _end(self, stop: Awaitable[None], client: Any) -> None:
        for step in (lambda: stop, client.close):
            # The library lets cancellations of its own tasks out.
            with suppress(Exception, asyncio.CancelledError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await step()
