"""Subscriptions: which events a service subscribes to, and how a delivered event reaches its handlers."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.audit import record_write
from libs.common.database.connection import raw
from libs.common.events import Envelope, Event
from libs.common.identity import service_caller
from libs.common.process import tracing
from libs.common.process.context import Origin, begin, origin

Knowing: TypeAlias = Callable[[Sequence[Event], asyncpg.Connection], Awaitable[None]]
Noting: TypeAlias = Callable[[Sequence["Delivery"], asyncpg.Connection], Awaitable[None]]
Acting: TypeAlias = Callable[..., Awaitable[bool]]
"""Return whether it wrote anything: what changed nothing is not in the record of writes."""
Holding: TypeAlias = Callable[[asyncpg.Connection, Collection[str]], Awaitable[Collection[str]]]
"""Return those of some keys of which the service holds anything, after locking what is known of them."""


@dataclass(frozen=True, slots=True)
class Projection:
    """Tables filled from other services' events, which a rebuild can empty and refill from the log.

    `tables` are listed in the order in which they can be emptied. `content` is SQL that selects the content in business
    terms (no surrogate keys, no `recorded_at`), ordered: the checksum is computed over its rows. `carried_over` is SQL
    for whether a migration filled the tables only as far as older ones allowed: a service then rebuilds at its start,
    as it does where a migration put the name into `unfilled_projection`.
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
class NotingHandler:
    """A handler that maintains a projection of the events themselves: it receives them with their envelopes."""

    projection: Projection
    names: frozenset[str]
    note: Noting


@dataclass(frozen=True, slots=True)
class ActingHandler:
    """A handler that calls a command: it receives one event at a time, and each event once.

    `holding`, if given, filters out the events of which no key concerns anything that the service holds.
    """

    names: frozenset[str]
    act: Acting
    holding: Holding | None = None

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
    """All event handlers of one service, registered by its reactions."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.knowing: list[KnowingHandler] = []
        self.noting: list[NotingHandler] = []
        self.acting: list[ActingHandler] = []

    @property
    def names(self) -> frozenset[str]:
        """The names of all events with at least one handler."""
        names = [one.names for one in self.copying] + [one.names for one in self.acting]
        return frozenset[str]().union(*names)

    @property
    def copying(self) -> list[KnowingHandler | NotingHandler]:
        """Every handler that maintains a projection."""
        return [*self.knowing, *self.noting]

    @property
    def projections(self) -> dict[str, Projection]:
        """Every projection by its name."""
        return {handler.projection.name: handler.projection for handler in self.copying}

    def knows(self, projection: Projection, *events: type[Event]) -> Callable[[Knowing], Knowing]:
        """Register the decorated function as the handler that maintains `projection` from these events.

        It is called with `(events, connection)`: a run of events in order, to be written in few statements. Replaying
        all events from the first one, split into other runs, must produce the same content.
        """

        def subscribe(know: Knowing) -> Knowing:
            self.knowing.append(KnowingHandler(projection, _names(events), know))
            return know

        return subscribe

    def notes(self, projection: Projection, *events: type[Event]) -> Callable[[Noting], Noting]:
        """Register the decorated function as the handler that notes which of these events came, with their envelopes.

        It is called with `(deliveries, connection)`, before any other handler, and with all of them on a rebuild.
        """

        def subscribe(note: Noting) -> Noting:
            self.noting.append(NotingHandler(projection, _names(events), note))
            return note

        return subscribe

    def on(self, *events: type[Event], holding: Holding | None = None) -> Callable[[Acting], Acting]:
        """Register the decorated function, called with `(event, session, *, by)`, to act on these events.

        Where `holding` is given, one query a batch finds the events that concern something the service holds; the
        others are not handed to it. It is queried again after each act, since what one act moves another may concern.
        """

        def subscribe(act: Acting) -> Acting:
            self.acting.append(ActingHandler(_names(events), act, holding))
            return act

        return subscribe

    async def deliver(self, deliveries: Sequence[Delivery], session: AsyncSession) -> None:
        """Deliver these events to their handlers, in order, within the session's transaction.

        Before an acting handler is called with an event, the knowing handlers have been given everything up to and
        including that event.
        """
        connection = await raw(session)
        for noting in self.noting:
            if own := [delivery for delivery in deliveries if delivery.event.event_name in noting.names]:
                await noting.note(own, connection)
        concerned = await self._concerned(deliveries, connection)
        run: list[Event] = []
        for delivery in deliveries:
            run.append(delivery.event)
            for number, handler in enumerate(self.acting):
                keys = concerned[number]
                if delivery.event.event_name in handler.names and (keys is None or keys & delivery.event.keys):
                    await self._update_projections(run, connection)
                    run = []
                    if await self._act(handler, delivery, session):
                        concerned = await self._concerned(deliveries, connection)
        await self._update_projections(run, connection)

    async def _update_projections(self, run: Sequence[Event], connection: asyncpg.Connection) -> None:
        for handler in self.knowing:
            events = [event for event in run if event.event_name in handler.names]
            if events:
                await handler.know(events, connection)

    async def _concerned(self, deliveries: Sequence[Delivery], connection: asyncpg.Connection) -> list[set[str] | None]:
        """Return for each acting handler the keys that concern something it holds; None: it gets every event."""
        keys: dict[Holding, set[str]] = {}
        for handler in self.acting:
            if handler.holding is not None:
                own = [one.event.keys for one in deliveries if one.event.event_name in handler.names]
                keys.setdefault(handler.holding, set()).update(*own)
        concerned = {holding: set(await holding(connection, asked)) for holding, asked in keys.items() if asked}
        return [handler.holding and concerned.get(handler.holding, set()) for handler in self.acting]

    async def _act(self, handler: ActingHandler, delivery: Delivery, session: AsyncSession) -> bool:
        by = service_caller(self.service)
        with (
            caused_by(delivery.envelope),
            tracing.traced(
                self.service, f"reaction {handler.name}", kind=tracing.REACTION, **_named(delivery.envelope)
            ),
        ):
            has_acted = await handler.act(delivery.event, session, by=by)
            await session.flush()
            if has_acted:
                await record_write(session, by, f"reaction {handler.name}", request=delivery.envelope.id)
        # A knowing handler writes past the session, so the next acting handler must read from the database again.
        session.expunge_all()
        return has_acted


@contextmanager
def caused_by(envelope: Envelope) -> Iterator[None]:
    """Record what runs inside as caused by this event: with its actor, its correlation id and itself as the cause."""
    before = origin()
    begin(
        Origin(
            actor=envelope.actor,
            correlation=envelope.correlation or envelope.id,
            causation=envelope.id,
            causation_source=envelope.source,
            traceparent=envelope.traceparent,
        )
    )
    try:
        yield
    finally:
        begin(before)


def _named(envelope: Envelope) -> dict[str, str | int]:
    return {
        "footprint.event": envelope.name,
        "footprint.event_id": envelope.id,
        "footprint.source": envelope.source,
        "footprint.position": envelope.position or 0,
    }


def _names(events: Iterable[type[Event]]) -> frozenset[str]:
    return frozenset(kind.event_name for kind in events)
