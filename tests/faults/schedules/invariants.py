"""What must hold at the end of every schedule: the invariants of the backbone, by their meaning."""

from collections.abc import Iterable

from libs.common.events import Envelope
from libs.common.messaging.chain import GENESIS, link
from libs.common.messaging.intake import Cursor
from tests.faults.schedules.actors import KEEPER, MAKER, READER
from tests.faults.schedules.schedule import Schedule
from tests.faults.schedules.world import Store


def check(schedule: Schedule) -> None:
    """Raise AssertionError where something was lost, repeated, early, or undone."""
    world = schedule.world
    for store in world.stores.values():
        _the_log_is_whole(store)
        assert not store.outbox, "each event is in the log"
        assert not any(store.parked.values()), "nothing stays parked once it is mended"
    _each_request_was_done_once(schedule)
    _each_piece_was_done_once(schedule)
    assert world.stores[KEEPER].ever_parked <= world.dazzling, "only what fails, and what shares its key, is parked"
    for name, source in ((KEEPER, MAKER), (READER, MAKER), (READER, KEEPER)):
        _what_is_known_is_the_log(schedule, world.stores[name], world.stores[source])
    _each_effect_has_its_cause(schedule)


def _events(log: Iterable[bytes]) -> list[Envelope]:
    return [Envelope.decode(body) for body in log]


def _the_log_is_whole(store: Store) -> None:
    """Dense positions, a chain that verifies, one event a change: of each lamp 1, 2, 3 in order, each by its cause."""
    chain, told = GENESIS, dict[str, list[str]]()
    for number, (body, event) in enumerate(zip(store.log, _events(store.log), strict=True), 1):
        assert event.position == number, "positions are dense"
        chain = link(chain, body)
        assert store.chains[number - 1] == chain, "the chain verifies"
        causes = told.setdefault(event.fields["lamp"], [])
        causes.append(event.correlation)
        assert event.fields["shine"] == len(causes), "of one lamp in order, none left out"
    assert told == store.lit, "each change has one event, each event one change"


def _each_request_was_done_once(schedule: Schedule) -> None:
    maker = schedule.world.stores[MAKER]
    for request, answer in schedule.world.acknowledged.items():
        assert maker.answers[request] == answer, "what was answered is known"
    for request, lamps in schedule.requests.items():
        done = sorted(lamp for lamp, causes in maker.lit.items() for cause in causes if cause == request)
        assert done in ([], sorted(lamps)) if schedule.is_restored else done == sorted(lamps), "whole, and once"


def _each_piece_was_done_once(schedule: Schedule) -> None:
    keeper = schedule.world.stores[KEEPER]
    for piece in schedule.pieces:
        assert keeper.lit[f"due-{piece}"] == [piece], "due work is done once"


def _what_is_known_is_the_log(schedule: Schedule, store: Store, source: Store) -> None:
    """What is known of a source is its log up to the cursor: all of it, unless it lost what was consumed."""
    place = store.cursors.get(source.name, Cursor())
    log = source.log
    is_ahead = place.epoch != source.epoch and place.position > source.restored_at
    if source.name == MAKER and schedule.is_restored and is_ahead:
        assert schedule.backup_before is not None
        log = schedule.backup_before.log[: place.position]
    known: dict[tuple[str, str], list[int]] = {}
    for event in _events(log):
        known.setdefault((source.name, event.fields["lamp"]), []).append(event.fields["shine"])
    assert {key: shines for key, shines in store.known.items() if key[0] == source.name} == known
    assert place.position == len(log), "it has come to the end"


def _each_effect_has_its_cause(schedule: Schedule) -> None:
    """What the keeper did for the maker's lamps is what it knows of them, once and in order."""
    keeper = schedule.world.stores[KEEPER]
    for (source, lamp), shines in keeper.known.items():
        if source == MAKER:
            assert len(keeper.lit[lamp]) == len(set(keeper.lit[lamp])) == len(shines), "one effect an event"
