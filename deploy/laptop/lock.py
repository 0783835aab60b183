"""One laptop runner per data folder: who holds it, where it answers, and how another process asks it to stop."""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_POLL_SECONDS = 0.05


class AlreadyRunning(Exception):
    """Another process runs on this data folder; the message says which and where it answers."""


class NotStopping(Exception):
    """The running process was asked to stop and did not, in time."""


class Claim:
    """The lock on a data folder, held until the process ends, however it ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.tell("")

    def tell(self, address: str) -> None:
        """Write down for others who holds the folder, and where it answers."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n{address}\n".encode(), 0)


@contextmanager
def claim(folder: Path) -> Iterator[Claim]:
    """Hold the folder, made where it is missing. Raises AlreadyRunning while another process holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(_lock_of(folder), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    try:
        if not _take(descriptor):
            pid, address = _holder(folder)
            where = f"at {address}" if address else "and is just starting"
            raise AlreadyRunning(f"Footprint runs here already {where} (process {pid or 'unknown'}).")
        held = Claim(descriptor)
        yield held
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def ask_to_stop(folder: Path, *, within: float = 30.0) -> bool:
    """End the process that holds the folder and wait until it has gone; False where nobody holds it.

    Raises NotStopping after `within` seconds.
    """
    if not _lock_of(folder).exists():
        return False
    descriptor = os.open(_lock_of(folder), os.O_RDWR | os.O_NOFOLLOW)
    try:
        if _take(descriptor):
            return False
        pid, _ = _holder(folder)
        # Only while the lock is held is the number in the file that of the holder, and not of a stranger.
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + within
        while not _take(descriptor):
            if time.monotonic() > deadline:
                raise NotStopping(f"process {pid} still runs on {folder} after {within:.0f} s")
            time.sleep(_POLL_SECONDS)
    finally:
        os.close(descriptor)
    return True


def _lock_of(folder: Path) -> Path:
    return folder / "laptop.lock"


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(folder: Path) -> tuple[int | None, str]:
    pid, _, address = _lock_of(folder).read_text(encoding="utf-8").strip().partition("\n")
    return (int(pid) if pid.isdigit() else None), address
