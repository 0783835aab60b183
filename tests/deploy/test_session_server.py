"""A test session's PostgreSQL ends with it, however it ends, and never touches another session's."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from deploy.postgres.processes import find_postgres_processes
from deploy.postgres.server import EmbeddedPostgres
from tests.deploy.conftest import REPOSITORY
from tests.support.waiting import until

Session: TypeAlias = "subprocess.Popen[bytes]"
NewSession: TypeAlias = Callable[[Path], Session]

_WAITING_TEST = """
import asyncio, os, pathlib

async def test_that_waits(postgres):
    told = pathlib.Path(os.environ["TOLD"])
    told.with_suffix(".new").write_text(str(postgres.data))
    told.with_suffix(".new").rename(told)
    await asyncio.sleep(120)
"""


@pytest.fixture
def new_session(folder: Path) -> Iterator[NewSession]:
    """Begins a pytest session that tells its data folder in a file and then waits."""
    test = folder / "test_waiting.py"
    test.write_text(_WAITING_TEST)
    begun: list[Session] = []

    def new(told: Path) -> Session:
        flags = ("-p", "tests.conftest", "-p", "no:cacheprovider", "-c", "pyproject.toml", f"--rootdir={REPOSITORY}")
        begun.append(
            subprocess.Popen(
                [sys.executable, "-m", "pytest", *flags, str(test)],
                cwd=REPOSITORY,
                env={**os.environ, "TOLD": str(told)},
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        )
        return begun[-1]

    yield new
    for session in begun:
        session.kill()
        session.wait()


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


async def _told(path: Path) -> Path:
    async def told() -> str:
        return _read(path)

    return Path(await until(told, within=30))


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupted_session_stops_its_server_and_no_other(
    ending: signal.Signals, folder: Path, new_session: NewSession
) -> None:
    ended, other = new_session(folder / "ended"), new_session(folder / "other")
    data, others_data = await _told(folder / "ended"), await _told(folder / "other")
    assert find_postgres_processes(data)
    ended.send_signal(ending)
    ended.wait(timeout=30)
    assert not find_postgres_processes(data)
    assert not data.exists()
    assert EmbeddedPostgres(others_data.parent).run_sql("SELECT 1") == "1"
    other.send_signal(signal.SIGINT)
    other.wait(timeout=30)


async def test_what_a_killed_session_left_is_removed_by_the_next(folder: Path, new_session: NewSession) -> None:
    killed = new_session(folder / "killed")
    data = await _told(folder / "killed")
    killed.kill()
    killed.wait()
    assert find_postgres_processes(data)
    following = new_session(folder / "following")
    await _told(folder / "following")
    assert not find_postgres_processes(data)
    assert not data.parent.exists()
    following.send_signal(signal.SIGINT)
    following.wait(timeout=30)
