"""Mirrors the readers' offsets to Kafka for lag tools. Nothing depends on it, so its failures are only logged."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

_log = structlog.get_logger(__name__)


class Mirror:
    """Calls `show` with the offsets by topic every `every` seconds if one has changed; retries after a failure."""

    def __init__(self, show: Callable[[Mapping[str, int]], Awaitable[None]], every: float) -> None:
        self._show = show
        self._every = every
        self._places: dict[str, int] = {}
        self._shown: dict[str, int] = {}
        self._task: asyncio.Task[None] | None = None

    def note(self, topic: str, next_offset: int) -> None:
        """Record that everything before this offset is done."""
        self._places[topic] = next_offset
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop mirroring."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            places = dict(self._places)
            if places != self._shown:
                try:
                    await self._show(places)
                    self._shown = places
                except Exception as error:  # noqa: BLE001  (the only consequence is an outdated number)
                    _log.debug("offsets not mirrored", error=f"{type(error).__name__}: {error}")
