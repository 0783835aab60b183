"""Limits costly work: a few pieces at a time, a few that wait, and the others are refused at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class GateFull(Exception):
    """As many work and wait already as may."""


class Gate:
    """Lets `at_once` pieces of work in and `waiting` others wait, in the order in which they came."""

    def __init__(self, *, at_once: int, waiting: int) -> None:
        self._at_once, self._most = at_once, at_once + waiting
        self._present = 0
        self._turns = asyncio.Semaphore(at_once)

    @asynccontextmanager
    async def passed(self) -> AsyncIterator[None]:
        """Wait for a turn, and use it for the block. Raises GateFull without waiting if too many wait already."""
        if self._present >= self._most:
            raise GateFull
        if not self._present:
            # A semaphore belongs to the event loop in which it was first waited for.
            self._turns = asyncio.Semaphore(self._at_once)
        self._present += 1
        try:
            async with self._turns:
                yield
        finally:
            self._present -= 1
