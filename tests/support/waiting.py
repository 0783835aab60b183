"""Waiting in tests: ask again until it is so or the time is over; never sleep and hope."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

_POLL_SECONDS = 0.01


async def until(condition: Callable[[], Awaitable[T]], *, within: float = 10) -> T:
    """The first truthy value that `condition` gives within so many seconds; AssertionError with the last one else."""
    deadline = time.monotonic() + within
    while not (value := await condition()):
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {within} s; the last answer was {value!r}")
        await asyncio.sleep(_POLL_SECONDS)
    return value
