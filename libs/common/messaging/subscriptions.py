"""Subscriptions: which events a service subscribes to, and how a delivered event reaches its handlers."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.audit import record_write
from libs.common.database.connection import raw
from libs.common.events import Envelope, Event
from libs.common.identity import service_caller
from libs.common.process.context import Origin, begin, origin

Knowing: TypeAlias = Callable[[Sequence[Event], asyncpg.Connection], Awaitable[None]]
Acting: TypeAlias = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Projection:
    """Tables filled from other services' events, which a rebuild can empty and refill from the log.

    `tables` are listed in the order in which they can be emptied. `content` is SQL that selects the content in business
    terms (no surrogate keys, no `recorded_at`), ordered: the checksum is computed over its rows. `carried_over` is SQL
    for whether a migration filled the tables only as far as older ones allowed: a service then rebuilds at its start.
    """

    name: str
    tables: tuple[str, ...]
    content: str
    carried_over: str = ""


@dataclass(frozen=True, slots=True)
class KnowingHandler:
    """A handler that maintains a projection: it receives runs of events, and all of them again on a rebuild."""

    projection: Projection
    names: frozenset[str]
    know: Knowing


@dataclass(frozen=True, slots=True)
class ActingHandler:
    """A handler that calls a command: it receives one event at a time, and each event once."""

    names: frozenset[str]
    act: Acting

    @property
    def name(self) -> str:
        """The function's name, which is a sentence."""
        return str(getattr(self.act, "__name__", "reaction"))


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event as passed to handlers: upgraded to its class's newest version, with its envelope."""

    envelope: Envelope
    event: Event


class Subscriptions:
    """All event handlers of one service, registered by its `reactions.py`."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.knowing: list[KnowingHandler] = []
        self.acting: list[ActingHandler] = []

    @property
    def names(self) -> frozenset[str]:
        """The names of all events with at least one handler."""
        names = [handler.names for handler in self.knowing] + [handler.names for handler in self.acting]
        return frozenset[str]().union(*names)

    @property
    def projections(self) -> dict[str, Projection]:
        """Every projection by its name."""
        return {handler.projection.name: handler.projection for handler in self.knowing}

    def knows(self, projection: Projection, *events: type[Event]) -> Callable[[Knowing], Knowing]:
        """Register the decorated function as the handler that maintains `projection` from these events.

        It is called with `(events, connection)`: a run of events in order, to be written in few statements. Replaying
        all events from the first one, split into other runs, must produce the same content.
        """

        def subscribe(know: Knowing) -> Knowing:
            self.knowing.append(KnowingHandler(projection, _names(events), know))
            return know

        return subscribe

    def on(self, *events: type[Event]) -> Callable[[Acting], Acting]:
        """Register the decorated function, called with `(event, session, *, by)`, to act on these events."""

        def subscribe(act: Acting) -> Acting:
            self.acting.append(ActingHandler(_names(events), act))
            return act

        return subscribe

    async def deliver(self, deliveries: Sequence[Delivery], session: AsyncSession) -> None:
        """Deliver these events to their handlers, in order, within the session's transaction.

        Before an acting handler is called with an event, the knowing handlers have been given everything up to and
        including that event.
        """
        connection = await raw(session)
        run: list[Event] = []
        for delivery in deliveries:
            run.append(delivery.event)
            acting = [handler for handler in self.acting if delivery.event.event_name in handler.names]
            if acting:
                await self._update_projections(run, connection)
                run = []
                for handler in acting:
                    await self._act(handler, delivery, session)
        await self._update_projections(run, connection)

    async def _update_projections(self, run: Sequence[Event], connection: asyncpg.Connection) -> None:
        for handler in self.knowing:
            events = [event for event in run if event.event_name in handler.names]
            if events:
                await handler.know(events, connection)

    async def _act(self, handler: ActingHandler, delivery: Delivery, session: AsyncSession) -> None:
        by = service_caller(self.service)
        with caused_by(delivery.envelope):
            await handler.act(delivery.event, session, by=by)
            await session.flush()
            await record_write(session, by, f"reaction {handler.name}", request=delivery.envelope.id)
        # A knowing handler writes past the session, so the next acting handler must read from the database again.
        session.expunge_all()


@contextmanager
def caused_by(envelope: Envelope) -> Iterator[None]:
    """Record what runs inside as caused by this event: with its actor, its correlation id and itself as the cause."""
    before = origin()
    begin(
        Origin(
            actor=envelope.actor,
            correlation=envelope.correlation or envelope.id,
            causation=envelope.id,
            traceparent=envelope.traceparent,
        )
    )
    try:
        yield
    finally:
        begin(before)


def _names(events: Iterable[type[Event]]) -> frozenset[str]:
    return frozenset(kind.event_name for kind in events)
