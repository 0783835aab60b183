"""Background tasks of a service: restarted when they fail, with failures shown in its health."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

import structlog

from libs.common.process.faults import Backoff

Alive: TypeAlias = Callable[[], None]
"""Called by a task whenever a round of its work has succeeded."""

Run: TypeAlias = Callable[[asyncio.Event, Alive], Awaitable[None]]

_log = structlog.get_logger(__name__)


def unwatched() -> None:
    """Do nothing: the `Alive` of a task that is not monitored."""


@dataclass(frozen=True, slots=True)
class Death:
    """Why a task does not do its work, and since when."""

    error: str
    since: datetime


class Tasks:
    """Runs tasks until they are stopped. One that raises is dead until a round of it succeeds, and is restarted."""

    def __init__(self, *, first_pause: float = 0.1, longest_pause: float = 30.0) -> None:
        self.stop = asyncio.Event()
        self.dead: dict[str, Death] = {}
        self._pauses = (first_pause, longest_pause)
        self._running: list[asyncio.Task[None]] = []

    def start(self, name: str, run: Run) -> None:
        """Run `run(stop, alive)` in the background, under a name shown in the health."""
        self._running.append(asyncio.create_task(self._keep(name, run), name=name))

    async def close(self, *, within: float = 5.0) -> None:
        """Stop all tasks and wait; those still running after `within` seconds are cancelled."""
        self.stop.set()
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=within)
            for task in late:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)
            self._running.clear()

    async def _keep(self, name: str, run: Run) -> None:
        backoff = Backoff(first=self._pauses[0], most=self._pauses[1])

        def alive() -> None:
            backoff.reset()
            if self.dead.pop(name, None) is not None:
                _log.info("task has recovered", task=name)

        while not self.stop.is_set():
            try:
                await run(self.stop, alive)
                if self.stop.is_set():
                    return
                reason = "ended by itself"
            except Exception as error:  # noqa: BLE001  (any error is shown in the health, and the task is restarted)
                reason = f"{type(error).__name__}: {error}"
                _log.error("task died", task=name, error=reason, exc_info=error)
            before = self.dead.get(name)
            self.dead[name] = Death(reason, before.since if before else datetime.now(UTC))
            await backoff.pause(self.stop)
