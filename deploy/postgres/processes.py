"""Finds the PostgreSQL processes of a data folder by asking the system, never by trusting a pid file."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_POLL_SECONDS = 0.02
_SECONDS_BEFORE_KILL = 5.0


def find_postgres_processes(data: Path) -> set[int]:
    """Return pids of the living PostgreSQL processes that work in `data`, even if the folder has been deleted.

    A zombie no longer has a working folder, so it is never among them.
    """
    if not Path("/proc/self/cwd").exists():
        return _find_postmaster_by_command(data)
    homes = {str(data), f"{data} (deleted)"}
    found = set()
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        # The process may have ended by now, or belong to another user and be hidden from us.
        with suppress(OSError), _looking_as_owner(process):
            # The program is checked too: a shell whose working folder this is must not be killed.
            if str((process / "cwd").readlink()) in homes and _is_postgres(str((process / "exe").readlink())):
                found.add(int(process.name))
    return found


def end_postgres_processes(data: Path) -> None:
    """Send SIGQUIT to every PostgreSQL process of `data`, and SIGKILL to those still running after five seconds."""
    if not find_postgres_processes(data):
        return
    for signal_number in (signal.SIGQUIT, signal.SIGKILL):
        for pid in find_postgres_processes(data):
            with suppress(ProcessLookupError):
                os.kill(pid, signal_number)
        if wait_until_gone(data, within=_SECONDS_BEFORE_KILL):
            return
    raise TimeoutError(f"processes {sorted(find_postgres_processes(data))} of {data} do not end")


def wait_until_gone(data: Path, *, within: float) -> bool:
    """Wait until no PostgreSQL process of `data` is left; return whether that took at most `within` seconds."""
    deadline = time.monotonic() + within
    while find_postgres_processes(data):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


@contextmanager
def _looking_as_owner(process: Path) -> Iterator[None]:
    """Let root inspect another account's process as that account would.

    In a container root usually lacks CAP_SYS_PTRACE, and may not see the working folder of another account's process.
    """
    owner = process.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        yield
        return
    system = ctypes.CDLL(None)  # for this thread only, whereas os.seteuid would change all of them
    system.setfsgid(owner.st_gid)
    system.setfsuid(owner.st_uid)
    try:
        yield
    finally:
        system.setfsuid(os.geteuid())
        system.setfsgid(os.getegid())


def _is_postgres(program: str) -> bool:
    return program.removesuffix(" (deleted)").endswith("/postgres")


def _find_postmaster_by_command(data: Path) -> set[int]:
    # macOS has no /proc; there the postmaster at least has its folder in its command line.
    command = ["/bin/ps", "-axww", "-o", "pid=,command="]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - fixed
    lines = [line.strip().partition(" ") for line in listing.splitlines()]
    return {int(pid) for pid, _, line in lines if "/postgres -D " in line and f" -D {data} " in f"{line} "}
