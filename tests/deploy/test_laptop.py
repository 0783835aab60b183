"""`make run` as a process: it starts, continues, stops and recovers, wherever it lies and whoever runs it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from deploy.laptop.__main__ import main
from deploy.laptop.server import HOST, USUAL_PORT, PortTaken, address_of, listen
from deploy.laptop.services import NAMES
from deploy.laptop.users import USERS
from tests.deploy.conftest import AS_ORDINARY_USER, REPOSITORY, new_folder
from tests.deploy.laptops import Runner, token
from tests.support.demo import copy
from tests.support.ods_files import body, write

EMPTY = ("--no-demo", "--port", "0")


@pytest.fixture
def var(empty_laptop: Path, folder: Path) -> Path:
    """Where a laptop was started before: its databases are there."""
    copy(empty_laptop, folder)
    return folder / "var"


@pytest.fixture(scope="module")
def running(empty_laptop: Path) -> Iterator[tuple[Runner, str]]:
    """A laptop and its address, one for the tests that leave it running."""
    made = new_folder(0o711)
    copy(empty_laptop, made)
    with Runner(made / "var", *EMPTY) as runner:
        yield runner, runner.address()
    shutil.rmtree(made, ignore_errors=True)


def test_ctrl_c_ends_it_within_seconds_with_a_long_poll_open_and_leaves_nothing(var: Path) -> None:
    with Runner(var.rename(var.with_name("a folder with spaces")), *EMPTY) as runner:
        address = runner.address()
        answers: list[httpx.Response] = []
        with httpx.Client(headers=token(address, "support-unit"), timeout=40) as client:
            asked = f"{address}/registry/v1/events?wait=30"
            poll = threading.Thread(target=lambda: answers.append(client.get(asked)))
            poll.start()
            poll.join(timeout=0.5)
            assert poll.is_alive()
            began = time.monotonic()
            runner.program.send_signal(signal.SIGINT)
            assert runner.ends(within=15) == 0
            assert time.monotonic() - began < 10
            poll.join(timeout=5)
        assert [answer.status_code for answer in answers] == [200]
        assert runner.postgres_processes == set()
        assert "Traceback" not in "".join(runner.said)


def test_ctrl_c_while_it_starts_leaves_nothing_either(folder: Path) -> None:
    with Runner(folder / "var", *EMPTY) as runner:
        runner.says("Starting PostgreSQL")
        runner.program.send_signal(signal.SIGINT)
        assert runner.ends() == 0
        assert runner.postgres_processes == set()
        assert "Traceback" not in "".join(runner.said)


def test_the_page_the_services_and_the_issuer_answer_on_one_port(running: tuple[Runner, str]) -> None:
    runner, address = running
    page = httpx.get(f"{address}/demo")
    assert page.status_code == 200
    assert "src=" not in page.text
    for path in ("/demo", "/", "/stories"):  # a page of another name that leads here reads nothing
        assert httpx.get(f"{address}{path}", headers={"Host": "evil.example"}).status_code == 403
    for user in USERS:
        assert user.name in page.text
        assert token(address, user.name)
    for name in NAMES:
        assert f'href="/{name}/docs"' in page.text
        assert httpx.get(f"{address}/{name}/docs").status_code == 200
        document = httpx.get(f"{address}/{name}/openapi.json").json()
        assert document["servers"] == [{"url": f"/{name}"}]
        assert httpx.get(f"{address}/{name}/health/ready").json()["ready"]
        assert httpx.get(f"{address}/{name}/v1/events").status_code == 401
    assert (runner.folder / "laptop.log").read_text(encoding="utf-8")


def test_a_folder_is_imported_into_the_registry_that_runs_here(running: tuple[Runner, str], folder: Path) -> None:
    """The command of `make import`, which says what to do where nothing runs."""
    runner, address = running
    files = folder / "public files"
    write(files, "eccg.csv", [body("00C", "NHS DARLINGTON CCG", "20130401")])
    command = [sys.executable, "-m", "deploy.laptop.imports", str(files), "--stated-at", "eccg.csv=2016-02-11"]
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}

    def run(data: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=REPOSITORY,
            env={**environment, "FOOTPRINT_DATA": str(data)},
            capture_output=True,
            text=True,
            check=False,
        )

    absent = run(folder / "var")
    assert (absent.returncode, "make run" in absent.stderr) == (1, True)
    done = run(runner.folder)
    assert done.returncode == 0, done.stderr
    assert f"Importing into the registry of {address}" in done.stderr
    assert "1/1 eccg.csv: CCGs and hubs (eccg), as of 2016-02-11" in done.stderr
    assert "0 not taken" in done.stdout
    found = httpx.get(f"{address}/registry/v1/organisations/00C", headers=token(address, "reader"))
    assert (found.status_code, found.json()["name"]) == (200, "NHS DARLINGTON CCG")


def test_after_a_kill_of_python_or_of_everything_the_next_start_takes_over_what_was_left(var: Path) -> None:
    opened = {"code": "10Y", "name": "NHS Aylesbury Vale CCG", "kind": "ccg", "effective_on": "2013-04-01"}

    def name_of(address: str) -> str:
        found = httpx.get(f"{address}/registry/v1/organisations/10Y", headers=token(address, "reader"))
        return str(found.json()["name"])

    with Runner(var, *EMPTY) as first:
        address = first.address()
        made = httpx.post(f"{address}/registry/v1/organisations", json=opened, headers=token(address, "registrar"))
        assert made.status_code == 201, made.text
        first.kill(with_postgres=False)
        with Runner(var, *EMPTY) as second:
            assert name_of(second.address()) == "NHS Aylesbury Vale CCG"
            second.kill(with_postgres=True)
            with Runner(var, *EMPTY) as third:
                assert name_of(third.address()) == "NHS Aylesbury Vale CCG"
                third.program.send_signal(signal.SIGTERM)
                assert third.ends() == 0
                assert third.postgres_processes == set()


def test_a_second_start_is_told_where_the_first_one_answers(running: tuple[Runner, str]) -> None:
    runner, address = running
    with Runner(runner.folder, *EMPTY) as second:
        assert second.ends() == 1
        [said] = second.said
        assert f"already runs here at {address}" in said
    assert httpx.get(f"{address}/registry/health/live").status_code == 200


def test_stop_ends_what_runs_and_says_nothing_where_nothing_does(var: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Runner(var, *EMPTY) as runner:
        runner.address()
        with Runner(var, "stop") as stop:
            assert stop.ends() == 0
        assert runner.ends() == 0
        assert runner.postgres_processes == set()
    assert main(["stop", "--data", str(var / "never")]) == 0
    assert capsys.readouterr() == ("", "")


def test_it_runs_as_whoever_starts_it_in_a_folder_of_any_mode(any_folder: Path) -> None:
    deep = any_folder.joinpath(*["a rather long name for a folder, fifty letters long"] * 8)
    with Runner(deep, *EMPTY) as runner:
        assert httpx.get(f"{runner.address()}/finance/health/ready").json()["ready"]
        runner.program.send_signal(signal.SIGINT)
        assert runner.ends() == 0


def test_it_runs_as_an_ordinary_user(folder: Path) -> None:
    with Runner(folder / "var", *EMPTY, prefix=AS_ORDINARY_USER) as runner:
        assert httpx.get(f"{runner.address()}/finance/health/ready").json()["ready"]
        runner.program.send_signal(signal.SIGINT)
        assert runner.ends() == 0


def test_a_start_says_that_the_usual_port_is_taken_and_which_it_took(var: Path) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):  # then somebody else has it, which is as good
            taken.bind((HOST, USUAL_PORT))
            taken.listen()
        with Runner(var, "--no-demo") as runner:
            address = runner.address()
            assert runner.says("is taken") == f"Port 8000 is taken, so it runs on {address.rpartition(':')[2]}.\n"


def test_the_second_of_two_clones_takes_a_free_port() -> None:
    first, second = listen(None), listen(None)
    assert address_of(first) != address_of(second)
    taken = first.getsockname()[1]
    with pytest.raises(PortTaken, match=str(taken)):
        listen(taken)
    assert first.proto == socket.IPPROTO_TCP
    first.close()
    second.close()
