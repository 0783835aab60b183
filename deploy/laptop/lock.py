"""Lock for one laptop runner per data folder: stores who runs it and where, and lets others ask it to stop."""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_POLL_SECONDS = 0.05


class AlreadyRunning(Exception):
    """Another process runs on this data folder; the message says which and at what address."""


class NotStopping(Exception):
    """The running process was asked to stop and did not stop in time."""


class Claim:
    """The lock on a data folder, which lasts until the process ends, however it ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.tell("")

    def tell(self, address: str) -> None:
        """Write the process id and address to the lock file, for other processes to read."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n{address}\n".encode(), 0)


@contextmanager
def claim(folder: Path) -> Iterator[Claim]:
    """Lock the folder, creating it if it is missing. Raises AlreadyRunning if another process has locked it."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(_lock_of(folder), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    try:
        if not _take(descriptor):
            pid, address = _holder(folder)
            where = f"at {address}" if address else "and is just starting"
            raise AlreadyRunning(f"Footprint already runs here {where} (process {pid or 'unknown'}).")
        own = Claim(descriptor)
        yield own
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def ask_to_stop(folder: Path, *, within: float = 30.0) -> bool:
    """Stop the process that has locked the folder and wait until it has ended; False if none has.

    Raises NotStopping after `within` seconds.
    """
    if not _lock_of(folder).exists():
        return False
    descriptor = os.open(_lock_of(folder), os.O_RDWR | os.O_NOFOLLOW)
    try:
        if _take(descriptor):
            return False
        pid, _ = _holder(folder)
        # Only while the file is locked is its process id the owner's, and not that of a stranger.
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


def address_of_running(folder: Path) -> str:
    """Return the address of the run on this folder, empty where none runs, or it is only starting."""
    if not _lock_of(folder).exists():
        return ""
    descriptor = os.open(_lock_of(folder), os.O_RDWR | os.O_NOFOLLOW)
    try:
        return "" if _take(descriptor) else _holder(folder)[1]
    finally:
        os.close(descriptor)


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
