"""What runs in a schedule: each actor is a generator that stops wherever its process could be stopped, or killed."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import TypeVar

from libs.common.messaging.bus import Message, epoch_of, position_of
from libs.common.messaging.chain import GENESIS, link
from libs.common.messaging.intake import (
    ConsumerStopped,
    Cursor,
    EpochChanged,
    Intake,
    Parking,
    Step,
    divide,
    reason_to_park,
    take_in,
)
from libs.common.messaging.subscriptions import Delivery
from tests.faults.schedules.world import Bus, Row, Safeguards, Store, Transaction, body_of, take
from tests.support.sample_projection import LampLit

ATTEMPTS = 2
WANTED = frozenset({LampLit.event_name})
MAKER, KEEPER, READER = "maker", "keeper", "reader"

Actor = Generator[str, None, None]
Change = Callable[[], None]
K = TypeVar("K")
V = TypeVar("V")


class LeaseLost(Exception):
    """Another consumer has moved the cursor."""


class Dazzled(Exception):
    """A handler fails on this event, as often as it is tried."""


@dataclass
class World:
    """Everything that an actor may touch."""

    draw: Random
    bus: Bus
    stores: dict[str, Store]
    safeguards: Safeguards
    day: int = 0
    dazzling: set[str] = field(default_factory=set)
    """Lamps whose events the keeper cannot handle until that is mended."""
    is_mended: bool = False
    leases: dict[str, object] = field(default_factory=dict)
    acknowledged: dict[str, str] = field(default_factory=dict)


def command(world: World, store: Store, request: str, lamps: Sequence[str]) -> Actor:
    """A client lights lamps, with an Idempotency-Key; who was not answered asks again, with the same one."""
    if request in world.acknowledged:
        return
    transaction, after = Transaction(store), list[Change]()
    try:
        yield "asks"
        yield from transaction.locked(f"key {request}")
        answer = store.answers.get(request, "")
        if not answer:
            for lamp in sorted(lamps):
                answer += yield from _light(world, transaction, after, lamp, request)
            keep = partial(store.answers.update, {request: answer})
            (transaction.later if world.safeguards.key_is_kept_with_the_change else after.append)(keep)
        yield "commits"
        transaction.end(commit=True)
    finally:
        transaction.end(commit=False)
    for change in after:
        yield "goes on after the commit"
        change()
    yield "answers"
    world.acknowledged.setdefault(request, answer)


def _light(
    world: World, transaction: Transaction, after: list[Change], lamp: str, cause: str
) -> Generator[str, None, str]:
    """Light a lamp once more, and tell it: the change and its event in one transaction."""
    store = transaction.store
    yield from transaction.locked(f"lamp {lamp}")
    transaction.added[lamp] += 1
    shine = len(store.lit.get(lamp, ())) + transaction.added[lamp]
    store.ids += 1
    row = Row(id=store.ids, tx=transaction.number, lamp=lamp, shine=shine, cause=cause)
    yield "has a number for its event"
    transaction.later(partial(_add, store.lit, lamp, cause))
    tell = partial(store.outbox.append, row)
    (transaction.later if world.safeguards.events_are_written_with_the_change else after.append)(tell)
    return f"{lamp}{shine} "


def due_work(world: World, store: Store, pieces: dict[str, int]) -> Actor:
    """Light a lamp for each piece whose day has come, each piece once; clocks may differ by a day."""
    while True:
        transaction, after = Transaction(store), list[Change]()
        try:
            yield from transaction.locked("due work")
            today = world.day + (0 if world.is_mended else world.draw.randint(-1, 1))
            due = next((piece for piece, day in pieces.items() if day <= today and piece not in store.done), None)
            if due is not None:
                yield from _light(world, transaction, after, f"due-{due}", due)
                note = partial(store.done.add, due)
                (transaction.later if world.safeguards.done_is_noted_with_the_deed else after.append)(note)
            yield "commits"
            transaction.end(commit=True)
        finally:
            transaction.end(commit=False)
        for change in after:
            yield "goes on after the commit"
            change()
        yield "rests"


def sequencer(world: World, store: Store) -> Actor:
    """Move whole transactions from the outbox to the log, one sequencer at a time."""
    while True:
        transaction = Transaction(store)
        try:
            if world.safeguards.one_sequencer_at_a_time:
                yield from transaction.locked("sequencer")
            position, chain = len(store.log), store.chains[-1] if store.chains else GENESIS
            rows = take(store.outbox)
            yield "has taken a batch"
            for row in rows:
                position += 1
                body = body_of(store, row, position)
                chain = link(chain, body)
                transaction.later(partial(_append, store, body, chain))
            transaction.later(partial(_taken, store, rows))
            yield "commits"
            transaction.end(commit=True)
        finally:
            transaction.end(commit=False)
        yield "rests"


def _add(to: dict[K, list[V]], key: K, value: V) -> None:
    to.setdefault(key, []).append(value)


def _append(store: Store, body: bytes, chain: bytes) -> None:
    store.log.append(body)
    store.chains.append(chain)


def _taken(store: Store, rows: list[Row]) -> None:
    store.outbox[:] = [row for row in store.outbox if row not in rows]


def publisher(world: World, store: Store) -> Actor:
    """Copy the log to the bus, from where the bus ends; after a kill, what was sent last may be sent again."""
    topic = world.bus.topics.get(store.name, [])
    position = (position_of(topic[-1]) or 0) if topic else 0
    if topic and epoch_of(topic[-1]) != store.epoch:
        position = min(position, store.restored_at)
    while True:
        yield "sends"
        if position < len(store.log):
            world.bus.send(store.name, store.log[position])
            yield "has sent"
            position += 1


def consumer(world: World, store: Store, source: str) -> Actor:
    """Consume one source, with a lease; pause where it has to stop, and look again."""
    lease = f"{store.name} of {source}"
    while True:
        while lease in world.leases:
            yield "waits for the lease"
        mine = world.leases[lease] = object()
        try:
            yield from _follow(world, store, source)
        except (LeaseLost, ConsumerStopped):
            yield "pauses"
        finally:
            if world.leases.get(lease) is mine:
                del world.leases[lease]


def _follow(world: World, store: Store, source: str) -> Actor:
    place = store.cursors.get(source, Cursor())
    while True:
        yield "reads"
        messages = world.bus.read(source, place.next_offset)
        _check_footing(world, source, place)
        intake = _taken_in(world.safeguards, messages, place)
        if intake.place != place:
            yield from _apply(world, store, source, place, intake)
            place = intake.place
        if intake.stopped is not None:
            raise intake.stopped


def _check_footing(world: World, source: str, place: Cursor) -> None:
    if place.position and world.safeguards.a_new_epoch_is_looked_at:
        last = world.bus.at(source, place.next_offset - 1)
        if last is None or epoch_of(last) != place.epoch:
            raise EpochChanged(source)


def _taken_in(safeguards: Safeguards, messages: Sequence[Message], place: Cursor) -> Intake:
    """Take the messages in; where a safeguard is taken away, as if the first one were what it waits for."""
    if messages:
        first = position_of(messages[0]) or 0
        if not safeguards.a_new_epoch_is_looked_at:
            place = replace(place, epoch=epoch_of(messages[0]) or "")
        if first <= place.position and not safeguards.repeated_positions_are_dropped:
            place = replace(place, position=first - 1)
        if first > place.position + 1 and not safeguards.a_gap_stops:
            place = replace(place, position=first - 1)
    return take_in(messages, place, WANTED)


def _apply(world: World, store: Store, source: str, place: Cursor, intake: Intake) -> Actor:
    """Apply a batch in one transaction with its cursor; if one of its events fails, one by one."""
    for apply_steps in (_batch, _singly):
        transaction, after = Transaction(store), list[Change]()
        try:
            yield from _move(world, transaction, source, place, intake.place, after)
            parking = yield from apply_steps(world, transaction, source, intake.steps, after)
            transaction.later(partial(_park, store, source, parking))
            yield "commits"
            transaction.end(commit=True)
        except Dazzled:
            continue
        finally:
            transaction.end(commit=False)
        for change in after:
            yield "goes on after the commit"
            change()
        return


def _move(
    world: World, transaction: Transaction, source: str, expected: Cursor, to: Cursor, after: list[Change]
) -> Actor:
    store = transaction.store
    if world.safeguards.cursor_moves_by_compare_and_set:
        yield from transaction.locked(f"cursor {source}")
        if store.cursors.get(source, Cursor()) != expected:
            raise LeaseLost(source)
    move = partial(store.cursors.update, {source: to})
    (transaction.later if world.safeguards.cursor_moves_with_the_rows else after.append)(move)


def _batch(
    world: World, transaction: Transaction, source: str, steps: Sequence[Step], after: list[Change]
) -> Generator[str, None, list[Parking]]:
    flowing, parking = divide(steps, _blocked(world, transaction.store, source))
    for delivery in flowing:
        yield from _handle(world, transaction, source, delivery, after)
    return parking


def _singly(
    world: World, transaction: Transaction, source: str, steps: Sequence[Step], after: list[Change]
) -> Generator[str, None, list[Parking]]:
    blocked, parking = _blocked(world, transaction.store, source), list[Parking]()
    for step in steps:
        attempts, error = 0, reason_to_park(step, blocked)
        while error is None and step.delivery is not None:
            attempts += 1
            try:
                with transaction.savepoint():
                    yield from _handle(world, transaction, source, step.delivery, after)
                break
            except Dazzled as dazzled:
                error = repr(dazzled) if attempts == ATTEMPTS else None
        if error is not None:
            if world.safeguards.later_events_wait_behind_a_parked_one:
                blocked |= step.keys
            parking.append(Parking(step, attempts, error))
    return parking


def _blocked(world: World, store: Store, source: str) -> set[str]:
    if not world.safeguards.later_events_wait_behind_a_parked_one:
        return set()
    return set[str]().union(*(each.step.keys for each in store.parked.get(source, ())))


def _park(store: Store, source: str, parking: Sequence[Parking]) -> None:
    store.parked.setdefault(source, []).extend(parking)
    store.ever_parked |= set[str]().union(*(each.step.keys for each in parking))


def _handle(world: World, transaction: Transaction, source: str, delivery: Delivery, after: list[Change]) -> Actor:
    """Know the event; the keeper lights a lamp of its own for each that the maker lit."""
    store, event = transaction.store, delivery.event
    assert isinstance(event, LampLit)
    transaction.later(partial(_add, store.known, (source, event.lamp), event.shine))
    yield "has noted an event"
    if (store.name, source) == (KEEPER, MAKER):
        if event.lamp in world.dazzling and not world.is_mended:
            raise Dazzled(event.lamp)
        yield from _light(world, transaction, after, event.lamp, delivery.envelope.id)


def operator(world: World, store: Store, source: str) -> Actor:
    """Once it is mended, try again what is parked, in its order."""
    while True:
        yield "looks"
        if not (world.is_mended and store.parked.get(source)):
            continue
        transaction, after = Transaction(store), list[Change]()
        try:
            yield from transaction.locked(f"cursor {source}")
            for each in sorted(store.parked[source], key=lambda each: each.step.position):
                if each.step.delivery is not None:
                    yield from _handle(world, transaction, source, each.step.delivery, after)
            transaction.later(store.parked[source].clear)
            transaction.end(commit=True)
        finally:
            transaction.end(commit=False)
        for change in after:
            change()
