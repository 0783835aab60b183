"""The laptop runner as a process of its own, and what a test asks of it."""

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from types import TracebackType
from typing import IO, Self

import httpx

from bench.forks import Fork
from deploy.postgres.processes import end_postgres_processes, find_postgres_processes
from tests.deploy.conftest import REPOSITORY


class Runner:
    """`python -m deploy.laptop` on a folder, a fork that has it imported. What is left of it ends with the block."""

    def __init__(self, folder: Path, *options: str, prefix: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self._lines: Queue[str | None] = Queue()
        self.said: list[str] = []
        reading, writing = os.pipe()
        self.program = _started((*options, "--data", str(folder)), prefix, writing)
        os.close(writing)
        said = os.fdopen(reading, encoding="utf-8")
        self._listener = threading.Thread(target=self._listen, args=(said,), daemon=True)
        self._listener.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.program.kill()
        self.program.wait()
        end_postgres_processes(self.postgres_data)
        self._listener.join()

    @property
    def postgres_data(self) -> Path:
        """PostgreSQL's own folder."""
        return self.folder.resolve() / "postgres" / "data"

    @property
    def postgres_processes(self) -> set[int]:
        """What runs of PostgreSQL."""
        return find_postgres_processes(self.postgres_data)

    def says(self, words: str, *, within: float = 150) -> str:
        """Wait for a line with these words and return it."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            try:
                line = self._lines.get(timeout=max(0.01, deadline - time.monotonic()))
            except Empty:
                break
            if line is None:
                break
            self.said.append(line)
            if words in line:
                return line
        raise AssertionError(f"it did not say {words!r}, but:\n{''.join(self.said)}")

    def address(self) -> str:
        """Wait until it answers, and return where."""
        return next(word for word in self.says("runs at").split() if word.startswith("http://"))

    def ends(self, *, within: float = 60) -> int:
        """Wait for its end and return the exit code."""
        code = self.program.wait(timeout=within)
        while (line := self._lines.get(timeout=5)) is not None:
            self.said.append(line)
        return code

    def kill(self, *, with_postgres: bool) -> None:
        """End it as a power cut would: without a word."""
        self.program.kill()
        self.program.wait()
        if with_postgres:
            for process in self.postgres_processes:
                with suppress(ProcessLookupError):  # a backend may have ended with its client
                    os.kill(process, 9)

    def _listen(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self._lines.put(line)
        self._lines.put(None)


def _started(given: tuple[str, ...], prefix: tuple[str, ...], output: int) -> "subprocess.Popen[bytes] | Fork":
    """Start it with what is given to it, by itself where a prefix has another account run it."""
    if not prefix:
        return Fork("deploy.laptop", *given, folder=REPOSITORY, output=output)
    command = [*prefix, sys.executable, "-m", "deploy.laptop", *given]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=output, stderr=output, start_new_session=True)


def token(address: str, user: str) -> dict[str, str]:
    """The header of a demo user, with a token of the laptop's own issuer."""
    form = {"grant_type": "password", "username": user, "password": "demo"}
    answer = httpx.post(f"{address}/issuer/token", data=form).raise_for_status().json()
    return {"Authorization": f"Bearer {answer['access_token']}"}
