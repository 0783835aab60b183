"""What a consumer decides about the messages it read, without any I/O: apply, skip, drop, park, or stop."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from libs.common.events import CATALOGUE, Envelope, Event, Undecodable, UnknownEvent
from libs.common.messaging.bus import Message
from libs.common.messaging.subscriptions import Delivery


class ConsumerStopped(Exception):
    """The consumer does not go on by itself: to do so would skip events, or apply ones that are not so."""


class Gap(ConsumerStopped):
    """Events are missing."""


class EpochChanged(ConsumerStopped):
    """The source began a new life, as after a restore, and what this consumer had heard is not in it."""


class Unreadable(ConsumerStopped):
    """A message cannot be read, and nothing tells which keys it concerns, so it cannot be parked."""


class TooManyParked(ConsumerStopped):
    """So many keys are parked that the fault is not the events'."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a consumer has come: the bus's next offset, the last position in the source's log, the log's life."""

    epoch: str = ""
    next_offset: int = 0
    position: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One event that concerns this service: to be delivered, or to be parked because its bytes cannot be read."""

    position: int
    keys: frozenset[str]
    body: bytes
    delivery: Delivery | None
    error: str = ""


@dataclass(slots=True)
class Intake:
    """A batch as decided: the steps to take, the place after them, and why it goes no further, if so."""

    place: Cursor
    steps: list[Step] = field(default_factory=list)
    duplicates: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    stopped: ConsumerStopped | None = None


@dataclass(frozen=True, slots=True)
class Parking:
    """A step that is to be parked, after so many attempts: none if it only follows one that shares a key."""

    step: Step
    attempts: int
    error: str


def epoch_of(message: Message) -> str | None:
    """Return the life of the log in which the message was told; None where it cannot be read."""
    try:
        return Envelope.decode(message.body).epoch
    except Undecodable:
        return None


def position_of(message: Message) -> int | None:
    """Return the message's place in its source's log; None where nothing tells it."""
    if message.position is not None:
        return message.position
    try:
        return Envelope.decode(message.body).position
    except Undecodable:
        return None


def take_in(messages: Sequence[Message], place: Cursor, wanted: Collection[str]) -> Intake:
    """Decide about messages read from `place` on.

    A change of epoch is accepted only with the first message: the caller has looked whether the event before it is the
    one it knows. A later one ends the batch before it.
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
        step = _step(message, envelope, error, position, wanted, intake.unknown)
        if step is not None and step.delivery is None and not step.keys:
            intake.stopped = Unreadable(f"position {position} has no keys to park it under: {step.error}")
            break
        if step is not None:
            intake.steps.append(step)
        intake.place = Cursor(epoch, message.offset + 1, position)
    return intake


def _position(message: Message, envelope: Envelope | None) -> int | None:
    if message.position is not None or envelope is None:
        return message.position
    return envelope.position


def _reason_to_stop(message: Message, envelope: Envelope | None, before: Cursor) -> ConsumerStopped | None:
    position = _position(message, envelope)
    if position is None:
        return Unreadable(f"the message at offset {message.offset} cannot be read, and nothing tells its place")
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
    wanted: Collection[str],
    unknown: Counter[str],
) -> Step | None:
    """Return what to do with a new event; None when it is nobody's here. Counts the unknown ones."""
    if envelope is None:
        return Step(position, frozenset(message.keys or ()), message.body, None, error)
    if (envelope.name, envelope.version) not in CATALOGUE:
        unknown[f"{envelope.name}.v{envelope.version}"] += 1
        return None
    keys = frozenset(envelope.keys)
    try:
        delivery = delivery_of(envelope, wanted)
    except Undecodable as undecodable:
        return Step(position, keys, message.body, None, str(undecodable))
    return Step(position, keys, message.body, delivery) if delivery else None


def delivery_of(envelope: Envelope, wanted: Collection[str]) -> Delivery | None:
    """Return the event in its newest version, if it is wanted and known. Raises Undecodable."""
    if envelope.name not in wanted and not _was_renamed(envelope):
        return None
    try:
        event: Event = envelope.event()
    except UnknownEvent:
        return None
    return Delivery(envelope, event) if event.event_name in wanted else None


def _was_renamed(envelope: Envelope) -> bool:
    """Whether an upgrade may lead to an event of another name: only an old version with an `upgrade` of its own."""
    kind = CATALOGUE.get((envelope.name, envelope.version))
    return kind is not None and kind.upgrade is not Event.upgrade


def divide(steps: Sequence[Step], parked: Collection[str]) -> tuple[list[Delivery], list[Parking]]:
    """Part the steps into those to deliver and those to park, when these keys are parked already.

    What is parked holds back, under all its keys, every later event that shares one; and so on from there.
    """
    held = set(parked)
    flowing: list[Delivery] = []
    parking: list[Parking] = []
    for step in steps:
        reason = reason_to_park(step, held)
        if reason is None and step.delivery is not None:
            flowing.append(step.delivery)
        else:
            held |= step.keys
            parking.append(Parking(step, 0, reason or ""))
    return flowing, parking


def reason_to_park(step: Step, held: Collection[str]) -> str | None:
    """Return why this step cannot even be tried, or None."""
    if step.delivery is None:
        return step.error
    shared = sorted(step.keys.intersection(held))
    return f"waits behind parked events of {', '.join(shared)}" if shared else None
