"""Hearing others: which events a service subscribes to, and how a delivered event reaches its handlers."""

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
    """What a service knows from others' events, in tables that a rebuild can empty and fill again from the log.

    `tables` in the order in which they can be emptied; `content` is SQL whose rows, in its order, are the projection's
    content in business terms (no surrogate keys, no `recorded_at`): the checksum is taken over them. `carried_over` is
    SQL for whether a migration filled the tables as well as older ones allowed: a service then rebuilds at its start.
    """

    name: str
    tables: tuple[str, ...]
    content: str
    carried_over: str = ""


@dataclass(frozen=True, slots=True)
class KnowingHandler:
    """A handler that keeps a projection: it gets runs of events, and gets them again when the projection is rebuilt."""

    projection: Projection
    names: frozenset[str]
    know: Knowing


@dataclass(frozen=True, slots=True)
class ActingHandler:
    """A handler that calls a command: it gets one event at a time, and each event once."""

    names: frozenset[str]
    act: Acting

    @property
    def name(self) -> str:
        """The function's name, which is a sentence."""
        return str(getattr(self.act, "__name__", "reaction"))


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event as it is handed to the handlers: in the newest version of its class, with the envelope it came in."""

    envelope: Envelope
    event: Event


class Subscriptions:
    """Everything that one service does when told; its `reactions.py` fills it."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.knowing: list[KnowingHandler] = []
        self.acting: list[ActingHandler] = []

    @property
    def names(self) -> frozenset[str]:
        """The names of all events that some handler wants."""
        wanted = [handler.names for handler in self.knowing] + [handler.names for handler in self.acting]
        return frozenset[str]().union(*wanted)

    @property
    def projections(self) -> dict[str, Projection]:
        """Every projection by its name."""
        return {handler.projection.name: handler.projection for handler in self.knowing}

    def knows(self, projection: Projection, *events: type[Event]) -> Callable[[Knowing], Knowing]:
        """Have the decorated function keep `projection` from these events.

        It gets `(events, connection)`: a run of them in order, to be written by few statements. It must give the same
        content when it gets all of them again from the first one, in other runs.
        """

        def subscribe(know: Knowing) -> Knowing:
            self.knowing.append(KnowingHandler(projection, _names(events), know))
            return know

        return subscribe

    def on(self, *events: type[Event]) -> Callable[[Acting], Acting]:
        """Have the decorated function act on these events: it gets `(event, session, *, by)` and calls a command."""

        def subscribe(act: Acting) -> Acting:
            self.acting.append(ActingHandler(_names(events), act))
            return act

        return subscribe

    async def deliver(self, deliveries: Sequence[Delivery], session: AsyncSession) -> None:
        """Hand these events to their handlers, in order, within the session's transaction.

        When an acting handler gets an event, the knowing ones have had everything up to and including it.
        """
        connection = await raw(session)
        run: list[Event] = []
        for delivery in deliveries:
            run.append(delivery.event)
            acting = [handler for handler in self.acting if delivery.event.event_name in handler.names]
            if acting:
                await self._let_know(run, connection)
                run = []
                for handler in acting:
                    await self._let_act(handler, delivery, session)
        await self._let_know(run, connection)

    async def _let_know(self, run: Sequence[Event], connection: asyncpg.Connection) -> None:
        for handler in self.knowing:
            wanted = [event for event in run if event.event_name in handler.names]
            if wanted:
                await handler.know(wanted, connection)

    async def _let_act(self, handler: ActingHandler, delivery: Delivery, session: AsyncSession) -> None:
        by = service_caller(self.service)
        with caused_by(delivery.envelope):
            await handler.act(delivery.event, session, by=by)
            await session.flush()
            await record_write(session, by, f"reaction {handler.name}", request=delivery.envelope.id)
        # The next handler reads what is in the database by then: a knowing one writes it past the session.
        session.expunge_all()


@contextmanager
def caused_by(envelope: Envelope) -> Iterator[None]:
    """Let what is done within tie to this event: its actor, its correlation, the event itself as the cause."""
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
