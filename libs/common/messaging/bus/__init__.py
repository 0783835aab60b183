"""The bus as the services see it: a port with two adapters, the publishers' own logs (`direct`) and Kafka (`kafka`)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from libs.common.database.connection import Database
from libs.common.process.tasks import Alive


@dataclass(frozen=True, slots=True)
class Message:
    """What a bus delivers.

    `offset` is the place in the bus itself: reading goes on after it, and the same event may stand at two offsets.
    `position` is the place in the publisher's log, `keys` those of the event: None where the bus cannot tell them, as
    for bytes that cannot be read.
    """

    offset: int
    position: int | None
    keys: tuple[str, ...] | None
    body: bytes


@dataclass(frozen=True, slots=True)
class BusEnd:
    """Where a source ends: the offset that comes next, the last position, and the log's life (no epoch: not known)."""

    next_offset: int
    position: int
    epoch: str


class Publisher(Protocol):
    """Carries a service's log to where others read it, in order, and notes how far it has come."""

    async def run(self, stop: asyncio.Event, alive: Alive) -> None:
        """Publish until `stop` is set."""


class Bus(Protocol):
    """Events of each source, in order, at least once, from any offset on.

    A reader chooses where it reads: nothing here remembers a reader, and its place is kept in its own database.
    """

    async def read(self, source: str, next_offset: int, limit: int) -> Sequence[Message]:
        """Return at once at most `limit` messages from this offset on; none when there are none yet."""

    async def at(self, source: str, offset: int) -> Message | None:
        """Return the message at this offset, or None where there is none, as when the source has lost its end."""

    async def wait(self, source: str, next_offset: int, *, within: float, stop: asyncio.Event) -> None:
        """Return when there may be a message at this offset, after so many seconds, or at once when `stop` is set."""

    async def end(self, source: str) -> BusEnd:
        """Return where the source ends now."""

    def publisher(self, service: str, database: Database) -> Publisher | None:
        """Return what carries this service's log to the bus; None where readers read the log itself."""

    async def close(self) -> None:
        """Let go of every connection."""
