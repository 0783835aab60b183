"""What is durable in a schedule: databases that commit all or nothing, and a bus that tells at least once."""

from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from random import Random
from typing import TypedDict

from libs.common.events import Envelope
from libs.common.messaging.bus import Message
from libs.common.messaging.event_log import in_order_of_transactions
from libs.common.messaging.intake import Cursor, Parking
from tests.support.sample_projection import INSTANT, lit

BATCH = 4
_OUT_OF_ORDER, _LEFT_OUT = 0.03, 0.06


@dataclass
class Safeguards:
    """What the backbone does lest an event be lost, repeated or early; a test takes each away once."""

    cursor_moves_by_compare_and_set: bool = True
    cursor_moves_with_the_rows: bool = True
    events_are_written_with_the_change: bool = True
    key_is_kept_with_the_change: bool = True
    done_is_noted_with_the_deed: bool = True
    one_sequencer_at_a_time: bool = True
    later_events_wait_behind_a_parked_one: bool = True
    repeated_positions_are_dropped: bool = True
    a_gap_stops: bool = True
    a_new_epoch_is_looked_at: bool = True


class Row(TypedDict):
    """An event in the outbox: its number, its transaction, the lamp, its count of shines, what caused it."""

    id: int
    tx: int
    lamp: str
    shine: int
    cause: str


@dataclass
class Store:
    """One service's database: what is committed."""

    name: str
    epoch: str = "one"
    outbox: list[Row] = field(default_factory=list)
    log: list[bytes] = field(default_factory=list)
    chains: list[bytes] = field(default_factory=list)
    lit: dict[str, list[str]] = field(default_factory=dict)
    """Of each lamp what lit it, in order: the requests, or the due pieces."""
    answers: dict[str, str] = field(default_factory=dict)
    cursors: dict[str, Cursor] = field(default_factory=dict)
    parked: dict[str, list[Parking]] = field(default_factory=dict)
    ever_parked: set[str] = field(default_factory=set)
    """Every key that an event was parked under."""
    known: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    """By source and lamp the shines that it was told, in order: a projection."""
    done: set[str] = field(default_factory=set)
    locks: dict[str, "Transaction"] = field(default_factory=dict)
    restored_at: int = 0
    """The position of the log when it came out of a backup."""
    ids: int = 0
    """A sequence of PostgreSQL: it counts on whatever is rolled back."""
    transactions: int = 0


class Transaction:
    """What one transaction would change: all of it, at the commit, or nothing."""

    def __init__(self, store: Store) -> None:
        self.store = store
        store.transactions += 1
        self.number = store.transactions
        self.added: Counter[str] = Counter()
        """How often it lights each lamp, which no other transaction sees yet."""
        self._changes: list[Callable[[], None]] = []

    def later(self, change: Callable[[], None]) -> None:
        """Do this when it commits."""
        self._changes.append(change)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Take back what is changed inside if it fails, and nothing else."""
        changes, added = list(self._changes), self.added.copy()
        try:
            yield
        except Exception:
            self._changes, self.added = changes, added
            raise

    def locked(self, name: str) -> Generator[str, None, None]:
        """Wait for a row's lock, and keep it until the end."""
        while self.store.locks.get(name, self) is not self:
            yield f"waits for {name}"
        self.store.locks[name] = self

    def end(self, *, commit: bool) -> None:
        """Commit, or roll back."""
        if commit:
            for change in self._changes:
                change()
        self._changes.clear()
        for name in [name for name, holder in self.store.locks.items() if holder is self]:
            del self.store.locks[name]


def body_of(store: Store, row: Row, position: int) -> bytes:
    """Return the bytes of an event as a log has them."""
    event = lit(row["lamp"], row["shine"])
    return Envelope(
        id=f"{store.name}-{row['id']}",
        source=store.name,
        name=event.event_name,
        version=1,
        keys=tuple(event.keys),
        recorded_at=INSTANT,
        position=position,
        epoch=store.epoch,
        correlation=row["cause"],
        fields=event.model_dump(mode="json"),
    ).encode()


def take(rows: list[Row]) -> list[Row]:
    """Return the next batch of whole transactions, in order; one that is larger than a batch alone."""
    taken: list[Row] = []
    for _, whole in groupby(in_order_of_transactions(rows), key=lambda row: row["tx"]):
        events = list(whole)
        if taken and len(taken) + len(events) > BATCH:
            break
        taken += events
    return taken


class Bus:
    """A topic a source: what is in it stays, an event may be in it twice, a reader may not see its end yet."""

    def __init__(self, draw: Random) -> None:
        self.topics: dict[str, list[Message]] = {}
        self.is_quiet = False
        """Whether nothing goes wrong from now on."""
        self._draw = draw

    def send(self, source: str, body: bytes) -> None:
        """Append a message to the topic."""
        topic = self.topics.setdefault(source, [])
        topic.append(Message(len(topic), None, None, body))

    def read(self, source: str, next_offset: int) -> list[Message]:
        """Return messages from this offset on: some of them, now and then one left out or two in the wrong order."""
        found = self.topics.get(source, [])[next_offset : next_offset + BATCH]
        if self.is_quiet or not found:
            return found
        found = found[: self._draw.randint(0, len(found))]
        match self._draw.random():
            case chance if chance < _OUT_OF_ORDER and len(found) > 1:
                found = [found[1], found[0], *found[2:]]
            case chance if chance < _LEFT_OUT and len(found) > 1:
                found = found[1:]
        return found

    def at(self, source: str, offset: int) -> Message | None:
        """Return the message at this offset."""
        topic = self.topics.get(source, [])
        return topic[offset] if 0 <= offset < len(topic) else None
