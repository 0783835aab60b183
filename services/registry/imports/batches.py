"""The events of one file in batches: a large file's wait on disk until all of its codes are known and locked."""

import pickle
from collections.abc import AsyncIterator, Collection, Iterator
from typing import IO

from libs.common.events import Event
from services.registry.core import recording

AT_ONCE = 50_000
"""How many events are in memory at once: a published file of ODS has fewer, and then nothing goes to the disk."""


class Batches:
    """The events of a file, in its order, and the codes that they name."""

    def __init__(self, disk: IO[bytes], size: int = AT_ONCE) -> None:
        self.codes: set[str] = set()
        """Every code that an event names."""
        self.subjects: set[str] = set()
        """Those that an event is about."""
        self.count = 0
        self.sorts: set[type[Event]] = set()
        self._disk, self._size, self._full = disk, size, 0
        self._open: list[Event] = []

    async def fill(self, events: AsyncIterator[Event]) -> AsyncIterator[int]:
        """Take the events, and yield how many they are by now after each batch."""
        async for event in events:
            self._open.append(event)
            if len(self._open) >= self._size:
                self._note()
                self._put_on_disk()
                yield self.count
        self._note()
        yield self.count

    def _note(self) -> None:
        self.count += len(self._open)
        self.codes |= recording.codes_of(self._open)
        self.sorts.update(type(event) for event in self._open)
        for event in self._open:
            self.subjects.update(_subjects(event))

    def _put_on_disk(self) -> None:
        pickle.dump(self._open, self._disk, protocol=pickle.HIGHEST_PROTOCOL)
        self._full += 1
        self._open = []

    def __iter__(self) -> Iterator[list[Event]]:
        """Yield the batches."""
        self._disk.seek(0)
        for _ in range(self._full):
            yield pickle.load(self._disk)  # noqa: S301  (this process wrote it, into a file without a name)
        if self._open:
            yield self._open


def _subjects(event: Event) -> Collection[str]:
    """Return the bodies that an event is about, without others that it names."""
    code = getattr(event, "code", None)
    return recording.codes_of([event]) if code is None else [code]
