"""The bus: one port with two adapters, the publishers' own event logs (`direct`) and Kafka (`kafka`)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from libs.common.database.connection import Database
from libs.common.events import Envelope, Undecodable
from libs.common.process.tasks import Alive


@dataclass(frozen=True, slots=True)
class Message:
    """A message as read from a bus.

    `offset` is the position in the bus itself; the same event may appear at two offsets. `position` is the position in
    the publisher's log and `keys` are the event's keys: None if the bus does not know them, as for unreadable bytes.
    """

    offset: int
    position: int | None
    keys: tuple[str, ...] | None
    body: bytes


def epoch_of(message: Message) -> str | None:
    """Return the epoch of the log in which the message was published; None if it cannot be read."""
    try:
        return Envelope.decode(message.body).epoch
    except Undecodable:
        return None


def recorded_at_of(message: Message) -> datetime | None:
    """Return when the publisher recorded the event; None if it cannot be read."""
    try:
        return Envelope.decode(message.body).recorded_at
    except Undecodable:
        return None


def position_of(message: Message) -> int | None:
    """Return the message's position in its source's log; None if it is not known."""
    if message.position is not None:
        return message.position
    try:
        return Envelope.decode(message.body).position
    except Undecodable:
        return None


@dataclass(frozen=True, slots=True)
class BusEnd:
    """Where a source ends: its next offset, last position and epoch (empty if not known)."""

    next_offset: int
    position: int
    epoch: str


class Publisher(Protocol):
    """Copies a service's log to the bus, in order, and records how far it has come."""

    async def run(self, stop: asyncio.Event, alive: Alive) -> None:
        """Publish until `stop` is set."""


class Bus(Protocol):
    """Reads each source's events in order, at least once, from any offset.

    The bus stores nothing about its readers: each reader keeps its cursor in its own database.
    """

    async def read(self, source: str, next_offset: int, limit: int) -> Sequence[Message]:
        """Return at most `limit` messages from this offset on, without waiting; empty if there are none yet."""

    async def at(self, source: str, offset: int) -> Message | None:
        """Return the message at this offset; None if there is none, as when the source has lost its last events."""

    async def wait(self, source: str, next_offset: int, *, within: float, stop: asyncio.Event) -> None:
        """Wait until there may be a message at this offset, `within` seconds have passed, or `stop` is set."""

    async def end(self, source: str) -> BusEnd:
        """Return where the source ends now."""

    def publisher(self, service: str, database: Database) -> Publisher | None:
        """Return the publisher of this service's log; None if subscribers read the log itself."""

    async def close(self) -> None:
        """Close every connection."""
