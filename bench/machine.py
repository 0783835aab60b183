"""Assigns processors: with two or more, what is measured has one to itself, and everything else shares the other."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

_apart = True

PROCESSORS = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
"""Those that we may use."""


def keep_nothing_apart() -> None:
    """Let everything run on every processor: for figures that mean nothing, on a machine that does other work too."""
    global _apart
    _apart = False


def measured() -> int | None:
    """Return the processor for what is measured; None where there is only one, or where a process cannot choose."""
    return PROCESSORS[0] if _apart and len(PROCESSORS) > 1 and hasattr(os, "sched_setaffinity") else None


def others() -> int | None:
    """Return the processor for PostgreSQL and for whatever loads what is measured."""
    return PROCESSORS[1] if measured() is not None else None


def put_on(processor: int | None, pid: int = 0) -> None:
    """Have a process (our own: 0), and all that it starts from now on, run on this processor alone."""
    if processor is not None:
        os.sched_setaffinity(pid, {processor})


def put_on_all(pid: int) -> None:
    """Have a process run on every processor that we may use."""
    if measured() is not None:
        os.sched_setaffinity(pid, PROCESSORS)


@contextmanager
def on_measured() -> Iterator[None]:
    """Have our own process be what is measured, within the block."""
    put_on(measured())
    try:
        yield
    finally:
        put_on(others())
