"""One schedule: a seed draws who takes the next step and what goes wrong; then all faults end, and all work is done."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from random import Random

from tests.faults.schedules.actors import (
    KEEPER,
    MAKER,
    READER,
    Actor,
    World,
    command,
    consumer,
    due_work,
    operator,
    publisher,
    sequencer,
)
from tests.faults.schedules.world import Bus, Safeguards, Store

_REQUESTS, _LAMPS, _PIECES = 8, 4, 3
_STEPS, _MOST_ROUNDS = 220, 400
_KILL, _ZOMBIE, _CLOCK, _RESTORE = 0.04, 0.06, 0.09, 0.095
_RESTORES = 0.2
"""In so many of the schedules the maker's database comes out of a backup once."""

Start = Callable[[], Actor]


@dataclass
class Running:
    """An actor and how it is started again; a zombie is not, once it is killed."""

    of: str
    start: Start
    actor: Actor
    is_zombie: bool = False


@dataclass
class Schedule:
    """A world with its actors, and the one backup of the maker that it may come out of."""

    world: World
    running: list[Running]
    pieces: dict[str, int]
    requests: dict[str, tuple[str, ...]]
    backup: Store | None = None
    backup_before: Store | None = None
    is_restored: bool = False


def begin(seed: int, safeguards: Safeguards) -> Schedule:
    """Return the world of a seed before the first step."""
    draw = Random(seed)
    stores = {name: Store(name) for name in (MAKER, KEEPER, READER)}
    world = World(draw, Bus(draw), stores, safeguards)
    world.dazzling = {f"lamp-{number}" for number in range(_LAMPS) if draw.random() < 1 / _LAMPS}
    requests = {
        f"request-{number}": tuple(draw.sample([f"lamp-{one}" for one in range(_LAMPS)], draw.randint(1, 3)))
        for number in range(_REQUESTS)
    }
    pieces = {f"piece-{number}": draw.randint(0, 5) for number in range(_PIECES)}
    maker, keeper, reader = stores.values()
    starts: list[tuple[str, Start]] = [
        *((MAKER, partial(command, world, maker, request, lamps)) for request, lamps in requests.items()),
        (KEEPER, partial(due_work, world, keeper, pieces)),
        *((each.name, partial(sequencer, world, each)) for each in (maker, keeper)),
        *((each.name, partial(publisher, world, each)) for each in (maker, keeper)),
        (KEEPER, partial(consumer, world, keeper, MAKER)),
        (READER, partial(consumer, world, reader, MAKER)),
        (READER, partial(consumer, world, reader, KEEPER)),
        (KEEPER, partial(operator, world, keeper, MAKER)),
    ]
    return Schedule(world, [Running(of, start, start()) for of, start in starts], pieces, requests)


def run(seed: int, safeguards: Safeguards | None = None) -> Schedule:
    """Run a seed's schedule to its end."""
    schedule = begin(seed, safeguards or Safeguards())
    world, draw = schedule.world, schedule.world.draw
    is_to_restore = draw.random() < _RESTORES
    for _ in range(_STEPS):
        running = draw.choice(schedule.running)
        match draw.random():
            case chance if chance < _KILL:
                _kill(schedule, running)
            case chance if chance < _ZOMBIE and not running.is_zombie:
                _succeeded(schedule, running)
            case chance if chance < _CLOCK:
                world.day = max(0, world.day + draw.choice((-1, 1, 2)))
            case chance if chance < _RESTORE and is_to_restore:
                _backed_up_or_restored(schedule)
            case _:
                next(running.actor, None)
    _quieten(schedule)
    return schedule


def _kill(schedule: Schedule, running: Running) -> None:
    running.actor.close()
    if running.is_zombie:
        schedule.running.remove(running)
    else:
        running.actor = running.start()


def _succeeded(schedule: Schedule, running: Running) -> None:
    """Let another take over, though the first still runs: it was thought dead, and its leases were given away."""
    schedule.world.leases.clear()
    schedule.running.append(replace(running, is_zombie=True))
    running.actor = running.start()


def _backed_up_or_restored(schedule: Schedule) -> None:
    maker = schedule.world.stores[MAKER]
    if schedule.backup is None:
        schedule.backup = copy.deepcopy(replace(maker, locks={}))
        return
    if schedule.is_restored:
        return
    schedule.is_restored = True
    for running in [one for one in schedule.running if one.of == MAKER]:
        _kill(schedule, running)
    schedule.backup_before = copy.deepcopy(replace(maker, locks={}))
    for name, value in vars(schedule.backup).items():
        setattr(maker, name, value)
    maker.epoch, maker.restored_at = "two", len(maker.log)
    lost = schedule.world.acknowledged.keys() - maker.answers.keys()
    for request in lost:
        del schedule.world.acknowledged[request]
    for running in [one for one in schedule.running if one.of == MAKER]:
        running.actor.close()
        running.actor = running.start()


def _quieten(schedule: Schedule) -> None:
    """End all faults, and let every actor take steps until nothing changes."""
    world = schedule.world
    for running in [one for one in schedule.running if one.is_zombie]:
        _kill(schedule, running)
    world.bus.is_quiet = world.is_mended = True
    world.day = max(schedule.pieces.values())
    unchanged, before = 0, ""
    for _ in range(_MOST_ROUNDS):
        for running in schedule.running:
            next(running.actor, None)
        after = _state(world)
        unchanged = unchanged + 1 if after == before else 0
        before = after
        if unchanged == 12:  # longer than any actor's way around
            return
    raise AssertionError("the work never ends")


def _state(world: World) -> str:
    return repr(
        [
            (store.ids, len(store.log), len(store.outbox), store.cursors, len(store.answers), len(store.done))
            for store in world.stores.values()
        ]
    )
