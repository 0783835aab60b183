"""Decides, without I/O, what a consumer does with each message: apply, skip, drop, park or stop."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from libs.common.events import CATALOGUE, Envelope, Event, Undecodable, UnknownEvent
from libs.common.messaging.bus import Message
from libs.common.messaging.chain import GENESIS, link
from libs.common.messaging.subscriptions import Delivery


class ConsumerStopped(Exception):
    """The consumer stopped, because continuing would skip events or apply the wrong ones."""


class Gap(ConsumerStopped):
    """Events are missing from the source."""


class EpochChanged(ConsumerStopped):
    """The source has a new epoch, as after a restore, and no longer contains what this consumer has consumed."""


class Unreadable(ConsumerStopped):
    """A message cannot be read and its keys are unknown, so it cannot be parked."""


class TooManyParked(ConsumerStopped):
    """More keys are parked than the limit allows, so the fault is ours and not the events'."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a consumer has read: the bus's next offset, the last position in the source's log, and its epoch.

    `head` is the hash chain over the bodies after the position `since`, as they were read: what the source tells later
    can be compared with it.
    """

    epoch: str = ""
    next_offset: int = 0
    position: int = 0
    since: int = 0
    head: bytes = GENESIS


@dataclass(frozen=True, slots=True)
class Step:
    """One event that this service subscribes to: to be delivered, or to be parked because it cannot be read."""

    position: int
    keys: frozenset[str]
    body: bytes
    delivery: Delivery | None
    error: str = ""


@dataclass(slots=True)
class Intake:
    """A batch as decided: the steps to apply, the cursor after them, and why it stops there, if it does."""

    place: Cursor
    steps: list[Step] = field(default_factory=list)
    duplicates: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    stopped: ConsumerStopped | None = None


@dataclass(frozen=True, slots=True)
class Parking:
    """A step to be parked, with its attempts: 0 if it only follows a parked event that shares a key."""

    step: Step
    attempts: int
    error: str


def error_text(error: BaseException) -> str:
    """Return an error's text as stored with a parked event."""
    return f"{type(error).__name__}: {error}"


def take_in(messages: Sequence[Message], place: Cursor, subscribed: Collection[str]) -> Intake:
    """Decide what to do with messages read from the cursor `place` on.

    A change of epoch is accepted only at the first message: the caller has checked that the event before it is the one
    it consumed. A later change ends the batch before it.
    """
    intake = Intake(place)
    for message in messages:
        try:
            envelope, error = Envelope.decode(message.body), ""
        except Undecodable as undecodable:
            envelope, error = None, str(undecodable)
        before = intake.place
        epoch = envelope.epoch if envelope else before.epoch
        if before.epoch and epoch != before.epoch and before != place:
            break
        intake.stopped = _reason_to_stop(message, envelope, before)
        if intake.stopped is not None:
            break
        position = _position(message, envelope) or 0
        if position <= before.position:
            intake.duplicates += 1
            intake.place = replace(before, next_offset=max(before.next_offset, message.offset + 1))
            continue
        step = _step(message, envelope, error, position, subscribed, intake.unknown)
        if step is not None and step.delivery is None and not step.keys:
            intake.stopped = Unreadable(f"position {position} has no keys to park it under: {step.error}")
            break
        if step is not None:
            intake.steps.append(step)
        intake.place = Cursor(epoch, message.offset + 1, position, before.since, link(before.head, message.body))
    return intake


def _position(message: Message, envelope: Envelope | None) -> int | None:
    if message.position is not None or envelope is None:
        return message.position
    return envelope.position


def _reason_to_stop(message: Message, envelope: Envelope | None, before: Cursor) -> ConsumerStopped | None:
    position = _position(message, envelope)
    if position is None:
        return Unreadable(
            f"the record at offset {message.offset} is no event: an operator has to look at it, and to skip-record it"
        )
    if before.epoch and envelope and envelope.epoch != before.epoch and position != before.position + 1:
        return EpochChanged(
            f"epoch {envelope.epoch} is at position {position}; this consumer is at {before.position} of {before.epoch}"
        )
    if position > before.position + 1:
        return Gap(f"position {before.position + 1} is missing: {position} follows")
    return None


def _step(
    message: Message,
    envelope: Envelope | None,
    error: str,
    position: int,
    subscribed: Collection[str],
    unknown: Counter[str],
) -> Step | None:
    """Return the step for a new event; None if this service does not subscribe to it. Counts those that it skips.

    A version that this software cannot read yet is parked under the keys of its envelope, until a newer one can.
    """
    if envelope is None:
        return Step(position, frozenset(message.keys or ()), message.body, None, error)
    if (envelope.name, envelope.version) not in CATALOGUE and envelope.name not in subscribed:
        unknown[f"{envelope.name}.v{envelope.version}"] += 1
        return None
    keys = frozenset(envelope.keys)
    try:
        delivery = delivery_of(envelope, subscribed)
    except (Undecodable, UnknownEvent) as unreadable:
        return Step(position, keys, message.body, None, error_text(unreadable))
    return Step(position, keys, message.body, delivery) if delivery else None


def delivery_of(envelope: Envelope, subscribed: Collection[str]) -> Delivery | None:
    """Return the event in its newest version, or None if it is not subscribed to.

    Raises Undecodable, and UnknownEvent if it is subscribed to and of a version that this software cannot read.
    """
    if envelope.name not in subscribed and not _was_renamed(envelope):
        return None
    event: Event = envelope.event()
    return Delivery(envelope, event) if event.event_name in subscribed else None


def _was_renamed(envelope: Envelope) -> bool:
    """Whether an upgrade may change the event's name: only an old version with its own `upgrade` can."""
    kind = CATALOGUE.get((envelope.name, envelope.version))
    return kind is not None and kind.upgrade is not Event.upgrade


def divide(steps: Sequence[Step], parked: Collection[str]) -> tuple[list[Delivery], list[Parking]]:
    """Divide the steps into those to deliver and those to park, given the keys already parked.

    A parked event blocks, under all its keys, every later event that shares one, and these block others in turn.
    """
    blocked = set(parked)
    flowing: list[Delivery] = []
    parking: list[Parking] = []
    for step in steps:
        reason = reason_to_park(step, blocked)
        if reason is None and step.delivery is not None:
            flowing.append(step.delivery)
        else:
            blocked |= step.keys
            parking.append(Parking(step, 0, reason or ""))
    return flowing, parking


def reason_to_park(step: Step, blocked: Collection[str]) -> str | None:
    """Return why this step must be parked without an attempt, or None."""
    if step.delivery is None:
        return step.error
    shared = sorted(step.keys.intersection(blocked))
    return f"waits behind parked events of {', '.join(shared)}" if shared else None
