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

    return Path(await until(told, within=120))


def _ends(session: Session, ending: signal.Signals, data: Path) -> None:
    """A signal ends a session and its server, which leaves nothing."""
    assert find_postgres_processes(data)
    session.send_signal(ending)
    session.wait(timeout=120)
    assert not find_postgres_processes(data)
    assert not data.exists()


async def test_a_terminated_session_stops_its_server_and_no_other(
    folder: Path, new_session: NewSession, postgres: EmbeddedPostgres
) -> None:
    ended = new_session(folder / "ended")
    _ends(ended, signal.SIGTERM, await _told(folder / "ended"))
    assert postgres.run_sql("SELECT 1") == "1", "this session's own, which is another one's"


async def test_what_a_killed_session_left_is_removed_by_the_next_which_an_interrupt_ends_and_no_other(
    folder: Path, new_session: NewSession, postgres: EmbeddedPostgres
) -> None:
    killed = new_session(folder / "killed")
    data = await _told(folder / "killed")
    killed.kill()
    killed.wait()
    assert find_postgres_processes(data)
    following = new_session(folder / "following")
    data_of_following = await _told(folder / "following")
    assert not find_postgres_processes(data)
    assert not data.parent.exists()
    _ends(following, signal.SIGINT, data_of_following)
    assert postgres.run_sql("SELECT 1") == "1", "this session's own, which is another one's"
