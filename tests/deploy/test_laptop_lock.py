"""One runner a folder: the second is told of the first, and what was killed leaves nothing behind."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.laptop.lock import AlreadyRunning, NotStopping, ask_to_stop, claim
from tests.deploy.conftest import REPOSITORY

_HOLD = """
import signal, sys, time
from pathlib import Path
from deploy.laptop.lock import claim
if sys.argv[2] == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
with claim(Path(sys.argv[1])) as held:
    held.tell("http://127.0.0.1:8123")
    print("held", flush=True)
    time.sleep(60)
"""


def hold(folder: Path, how: str = "") -> "subprocess.Popen[str]":
    """Hold the folder from another process."""
    command = [sys.executable, "-c", _HOLD, str(folder), how]
    other = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    return other


def end(other: "subprocess.Popen[str]") -> None:
    """Kill a process and take leave of it."""
    other.kill()
    other.communicate()


def test_a_second_claim_is_told_where_the_first_one_answers(tmp_path: Path) -> None:
    other = hold(tmp_path)
    with pytest.raises(AlreadyRunning, match=rf"at http://127\.0\.0\.1:8123 \(process {other.pid}\)"), claim(tmp_path):
        pass
    end(other)


def test_a_claim_whose_holder_was_killed_can_be_had_at_once(tmp_path: Path) -> None:
    end(hold(tmp_path))
    with claim(tmp_path) as held:
        held.tell("http://127.0.0.1:8124")
        with pytest.raises(AlreadyRunning, match="8124"), claim(tmp_path):
            pass


def test_a_claim_without_an_address_is_said_to_be_starting(tmp_path: Path) -> None:
    with claim(tmp_path), pytest.raises(AlreadyRunning, match="just starting"), claim(tmp_path):
        pass


def test_the_holder_is_ended_and_waited_for(tmp_path: Path) -> None:
    other = hold(tmp_path)
    assert ask_to_stop(tmp_path)
    other.communicate()
    assert other.returncode == -signal.SIGTERM
    assert not ask_to_stop(tmp_path)


def test_nobody_is_ended_where_nobody_holds_the_folder(tmp_path: Path) -> None:
    assert not ask_to_stop(tmp_path / "never")
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    (tmp_path / "laptop.lock").write_text(f"{stranger.pid}\nhttp://127.0.0.1:8123\n")
    assert not ask_to_stop(tmp_path)
    assert stranger.poll() is None
    stranger.kill()
    stranger.communicate()


def test_a_holder_that_does_not_end_is_reported_in_time(tmp_path: Path) -> None:
    other = hold(tmp_path, "deaf")
    began = time.monotonic()
    with pytest.raises(NotStopping, match=str(other.pid)):
        ask_to_stop(tmp_path, within=0.3)
    assert time.monotonic() - began < 5
    end(other)
