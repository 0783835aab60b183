"""Transient faults of the database or the network: recognising them, and backing off between retries."""

import asyncio
import errno
import random
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import asyncpg

_PASSING_CLASSES = ("08", "53")  # connection exceptions; out of memory, disk or connections
_PASSING = frozenset(
    {
        "25P03",  # idle_in_transaction_session_timeout
        "40001",  # serialization_failure
        "40P01",  # deadlock_detected
        "55P03",  # lock_not_available, by lock_timeout too
        "57014",  # query_canceled, by statement_timeout too
        "57P01",  # admin_shutdown
        "57P02",  # crash_shutdown
        "57P03",  # cannot_connect_now
        "57P05",  # idle_session_timeout
    }
)


def is_passing(error: BaseException) -> bool:
    """Whether the same work may succeed later unchanged, as after a lost connection, a deadlock or a shutdown.

    The drivers wrap each other's errors, so causes are checked too.
    """
    return any(_passing(link) for link in _chain(error))


def is_full(error: BaseException) -> bool:
    """Whether a disk had no room for what was to be written: PostgreSQL's, or this machine's."""
    return any(
        getattr(link, "sqlstate", None) == "53100" or (isinstance(link, OSError) and link.errno == errno.ENOSPC)
        for link in _chain(error)
    )


def _passing(error: BaseException) -> bool:
    state: Any = getattr(error, "sqlstate", None)
    if isinstance(state, str) and (state in _PASSING or state.startswith(_PASSING_CLASSES)):
        return True
    # The driver has one class for a lost connection and for wrong use of one: only the message tells them apart.
    if isinstance(error, asyncpg.InterfaceError) and "connection is closed" in str(error):
        return True
    return isinstance(error, ConnectionError | TimeoutError) or bool(getattr(error, "connection_invalidated", False))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = getattr(error, "orig", None) or error.__cause__


class Backoff:
    """Growing pauses between retries, of random length, so that callers which failed together retry apart."""

    def __init__(self, *, first: float = 0.05, most: float = 10.0) -> None:
        self.first = first
        self.most = most
        self.failures = 0

    def reset(self) -> None:
        """Start with the shortest pause again: a retry has succeeded."""
        self.failures = 0

    async def pause(self, stop: asyncio.Event) -> None:
        """Wait until the next retry, or until `stop` is set."""
        self.failures += 1
        longest = min(self.most, self.first * 2 ** min(self.failures - 1, 30))
        await pause(random.uniform(longest / 2, longest), stop)  # noqa: S311  (no secret depends on it)


async def pause(seconds: float, stop: asyncio.Event) -> None:
    """Wait so many seconds, or until `stop` is set."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
