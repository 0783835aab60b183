"""Sends the events of a service's log to the targets of its webhooks: in order for each, at least once."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import cast

import asyncpg
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.database.connection import Database
from libs.common.events import Envelope, Undecodable
from libs.common.identity import Caller, Role
from libs.common.messaging.event_log import Entry, EventFilter, restricted_names, shows
from libs.common.messaging.lease import leased
from libs.common.messaging.wakeup import log_signal
from libs.common.process.clock import Clock
from libs.common.process.faults import Backoff, is_passing
from libs.common.process.tasks import Alive, unwatched
from libs.common.webhooks.attempts import RETRY_AFTER_SECONDS, Outcome, outcome_of, pause_after
from libs.common.webhooks.commands import FindWatched
from libs.common.webhooks.ledger import DueWebhook, Ledger, LoggedEvent
from libs.common.webhooks.signing import signature
from libs.common.webhooks.targets import Reach, Targets, Undelivered

LEASE = "webhooks"
CONTENT_TYPE = "application/cloudevents+json"
_EXPIRE_EVERY_SECONDS = 600.0

FindPredecessors = Callable[[Database, Collection[str]], Awaitable[frozenset[str]]]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SenderLimits:
    """Limits of a sender: seconds of an attempt and between looks, the schedule, and how much is under way at once.

    What failed before is tried in few slots of its own: targets that are dead take none from those that answer.
    """

    attempt: float = 15.0
    poll: float = 5.0
    schedule: tuple[float, ...] = RETRY_AFTER_SECONDS
    at_once: int = 32
    retries_at_once: int = 8
    webhooks: int = 500
    events: int = 500
    events_of_one: int = 50


@dataclass(frozen=True, slots=True)
class SeenBy:
    """What a webhook's owner may see, and asks for."""

    viewer: Caller
    asked: EventFilter


@dataclass(frozen=True, slots=True)
class _Event:
    logged: LoggedEvent
    envelope: Envelope | None
    """None of what cannot be read: it is sent to no target."""
    organisations: frozenset[str]


@dataclass
class _Round:
    """What one look at the webhooks has read: the same for many of them, and read once."""

    restricted: frozenset[str] = field(default_factory=restricted_names)
    predecessors: dict[frozenset[str], frozenset[str]] = field(default_factory=dict)
    watched: dict[tuple[str, int], frozenset[str] | None] = field(default_factory=dict)


class Sender:
    """Delivers one service's events. Several may run: a lease lets one at a time send."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        reach: Reach,
        predecessors: FindPredecessors | None = None,
        watched: FindWatched | None = None,
        attempted: Callable[[str], None] = lambda _: None,
        limits: SenderLimits | None = None,
        targets: Targets | None = None,
    ) -> None:
        self._database, self._clock = database, clock
        self._predecessors, self._watched, self._attempted = predecessors, watched, attempted
        self._limits = limits or SenderLimits()
        self._targets = targets or Targets(reach, seconds=self._limits.attempt)
        self._grown = log_signal(database.url)
        self._backoff = Backoff()
        self._running: dict[int, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(self._limits.at_once)
        self._retries = asyncio.Semaphore(self._limits.retries_at_once)
        self._expired = -_EXPIRE_EVERY_SECONDS

    async def run(self, stop: asyncio.Event, alive: Alive = unwatched) -> None:
        """Send until `stop` is set. A lost connection is opened again; no fault of a target is raised."""
        while not stop.is_set():
            try:
                async with leased(self._database, LEASE, stop=stop) as connection:
                    if connection is not None:
                        await self._send(Ledger(await _driver(connection)), stop, alive)
            except Exception as error:
                if not (isinstance(error, OSError) or is_passing(error)):
                    raise
                _log.warning("webhooks pause", error=str(error))
                await self._backoff.pause(stop)

    async def _send(self, ledger: Ledger, stop: asyncio.Event, alive: Alive) -> None:
        try:
            while not stop.is_set():
                seen = self._grown.count
                self._finish()
                await self._expire(ledger)
                has_more = await self._begin(ledger)
                self._backoff.reset()
                alive()
                if not has_more:
                    await self._rest(seen, stop)
        finally:
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)
            self._running.clear()
            await self._targets.close()

    def _finish(self) -> None:
        """Forget the deliveries that have ended. Raises what ended one: only the database's faults do."""
        for number, task in [*self._running.items()]:
            if task.done():
                del self._running[number]
                task.result()

    async def _rest(self, seen: int, stop: asyncio.Event) -> None:
        """Wait until the log has grown, a webhook was changed, a delivery has ended, or it is time to look again."""
        waiting = asyncio.ensure_future(self._grown.wait(seen, within=self._limits.poll, stop=stop))
        try:
            await asyncio.wait({waiting, *self._running.values()}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)

    async def _expire(self, ledger: Ledger) -> None:
        now = time.monotonic()
        if now - self._expired >= _EXPIRE_EVERY_SECONDS:
            await ledger.expire()
            self._expired = now

    async def _begin(self, ledger: Ledger) -> bool:
        """Begin what is due, reading each part of the log once for all who are there; return whether there is more."""
        due = await ledger.due(self._running.keys(), self._limits.webhooks)
        read, passed = _Round(), list[tuple[int, int, int]]()
        left = sorted(due, key=lambda webhook: webhook.position if webhook.has_events else 0)
        while left:
            after = next((one.position for one in left if one.has_events), None)
            entries = () if after is None else await ledger.read_after(after, self._limits.events)
            events = [_event(entry) for entry in entries]
            end = events[-1].logged.position if events else 0
            here = [one for one in left if not one.has_events or one.position < end]
            for webhook in here:
                move = await self._begin_one(ledger, webhook, events, read)
                passed += [move] if move else []
            if not here:
                break  # the log ends before them: it was restored, and they wait
            left = left[len(here) :]
        await ledger.passed(passed)
        return bool(passed)

    async def _begin_one(
        self, ledger: Ledger, webhook: DueWebhook, events: Sequence[_Event], read: _Round
    ) -> tuple[int, int, int] | None:
        """Begin the deliveries of one webhook; where no event is for it, return its move past them."""
        seen_by = await self._seen_by(webhook, read)
        if seen_by is None:
            await ledger.stopped(webhook.id, "paused", "its watch list was deleted")
            return None
        ahead = [one for one in events if one.logged.position > webhook.position] if webhook.has_events else []
        matching = [one.logged for one in ahead if _is_for(one, seen_by, read.restricted)]
        if matching or webhook.resends:
            first = matching[: self._limits.events_of_one]
            self._running[webhook.id] = asyncio.create_task(self._deliver(ledger, webhook, first))
            return None
        return (webhook.id, webhook.position, ahead[-1].logged.position) if ahead else None

    async def _seen_by(self, webhook: DueWebhook, read: _Round) -> SeenBy | None:
        """Return what its owner sees, as the feed has it, and asks for; None if its watch list is gone."""
        acts_for = webhook.acts_for
        viewer = Caller(subject=webhook.owner, roles=frozenset({Role.PARTNER}), organisations=acts_for)
        if self._predecessors is not None and not viewer.is_national:
            if acts_for not in read.predecessors:
                read.predecessors[acts_for] = await self._predecessors(self._database, acts_for)
            viewer = Caller(viewer.subject, viewer.roles, acts_for | read.predecessors[acts_for])
        about = webhook.organisations or None
        if webhook.watch_list is not None:
            key = (webhook.owner, webhook.watch_list)
            if key not in read.watched:
                today = self._clock.today()
                read.watched[key] = await self._watched(self._database, *key, today) if self._watched else None
            watched = read.watched[key]
            if watched is None:
                return None
            about = webhook.organisations | watched
        return SeenBy(viewer, EventFilter(webhook.types, about))

    async def _deliver(self, ledger: Ledger, webhook: DueWebhook, events: Sequence[LoggedEvent]) -> None:
        """Send the dead letters that are asked for, then the events, until one is not delivered."""
        if webhook.resends:
            for letter in await ledger.to_resend(webhook.id):
                outcome = await self._attempt(webhook, letter.body, is_retry=True)
                if outcome.is_delivered:
                    await ledger.resent(letter.id)
                else:
                    await ledger.still_dead(letter.id, outcome)
        at, failures = webhook.position, webhook.failures
        for event in events:
            outcome = await self._attempt(webhook, event.body, is_retry=failures > 0)
            if not outcome.is_delivered:
                await self._fail(ledger, webhook, at, event, outcome, failures + 1)
                return
            if not await ledger.delivered(webhook, at, event.position):
                return
            at, failures = event.position, 0

    async def _fail(
        self, ledger: Ledger, webhook: DueWebhook, at: int, event: LoggedEvent, outcome: Outcome, failures: int
    ) -> None:
        if outcome.is_gone:
            await ledger.stopped(webhook.id, "disabled", "its target answered 410: it is gone")
            return
        pause = pause_after(failures, outcome, self._limits.schedule)
        if pause is None:
            await ledger.gave_up(webhook.id, at, event, outcome, attempts=failures)
        else:
            await ledger.failed(webhook.id, at, outcome, pause)
        _log.info("webhook failed", webhook=webhook.id, position=event.position, attempt=failures, error=outcome.error)

    async def _attempt(self, webhook: DueWebhook, body: bytes, *, is_retry: bool) -> Outcome:
        async with self._retries if is_retry else self._slots:
            event, timestamp = Envelope.decode(body).id, int(time.time())
            headers = {
                "Content-Type": CONTENT_TYPE,
                "webhook-id": event,
                "webhook-timestamp": str(timestamp),
                "webhook-signature": signature(
                    webhook.signing, webhook.keys, event=event, timestamp=timestamp, body=body
                ),
            }
            try:
                outcome = outcome_of(await self._targets.post(webhook.url, headers, body))
            except Undelivered as error:
                outcome = Outcome(str(error))
        self._attempted("delivered" if outcome.is_delivered else "failed")
        return outcome


def _event(entry: Entry) -> _Event:
    try:
        envelope = Envelope.decode(entry.body)
    except Undecodable:
        return _Event(LoggedEvent(entry.position, "", "", entry.body), None, frozenset())
    return _Event(LoggedEvent(entry.position, envelope.id, envelope.type, entry.body), envelope, envelope.organisations)


def _is_for(event: _Event, by: SeenBy, restricted: Collection[str]) -> bool:
    return event.envelope is not None and shows(event.envelope, event.organisations, restricted, by.viewer, by.asked)


async def _driver(connection: AsyncConnection) -> asyncpg.Connection:
    return cast("asyncpg.Connection", (await connection.get_raw_connection()).driver_connection)
