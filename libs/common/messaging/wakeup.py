"""In-process wake-up signals: a commit wakes the sequencer, growth of the log wakes its readers."""

import asyncio
from collections import defaultdict

from sqlalchemy import URL, event, make_url
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

_WAKES = "footprint.wakes"


class Signal:
    """A wake-up signal with a counter, so that a waiter can tell whether one was given before it waited."""

    def __init__(self) -> None:
        self.count = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def give(self) -> None:
        """Wake every waiter."""
        self.count += 1
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def wait(self, seen: int, *, within: float, stop: asyncio.Event | None = None) -> int:
        """Wait until the count differs from `seen`, `within` seconds have passed or `stop` is set; return the count."""
        if self.count != seen or (stop is not None and stop.is_set()):
            return self.count
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        until: set[asyncio.Future[None]] = {future}
        stopped = asyncio.ensure_future(_set(stop)) if stop is not None else None
        if stopped is not None:
            until.add(stopped)
        try:
            await asyncio.wait(until, timeout=within, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._waiting.discard(future)
            future.cancel()
            if stopped is not None:
                stopped.cancel()
        return self.count


async def _set(stop: asyncio.Event) -> None:
    await stop.wait()


_outboxes: defaultdict[str, Signal] = defaultdict(Signal)
_logs: defaultdict[str, Signal] = defaultdict(Signal)


def outbox_signal(url: str | URL) -> Signal:
    """Return the signal given after each commit in this process that may have filled this database's outbox."""
    return _outboxes[_place(url)]


def log_signal(url: str | URL) -> Signal:
    """Return the signal given when this process notices that this database's event log has grown."""
    return _logs[_place(url)]


def wake_after_commit(session: AsyncSession) -> None:
    """Give the outbox signal of this session's database once the session has committed."""
    _wake(session, outbox_signal(session.get_bind().engine.url))


def wake_readers_after_commit(session: AsyncSession) -> None:
    """Have the readers of this session's log look again once the session has committed."""
    _wake(session, log_signal(session.get_bind().engine.url))


def _wake(session: AsyncSession, signal: Signal) -> None:
    session.info.setdefault(_WAKES, set()).add(signal)


@event.listens_for(Session, "after_commit")
def _committed(session: Session) -> None:
    # The end of a savepoint arrives here too and gives the signal early. That is harmless: the mark stays for the
    # commit.
    for signal in session.info.get(_WAKES, ()):
        signal.give()


def _place(url: str | URL) -> str:
    """Return the server and the database: the same for every driver, role and option."""
    at = make_url(url)
    return f"{at.host or at.query.get('host', '')}:{at.port or 5432}/{at.database}"
