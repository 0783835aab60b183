"""A service's commands, run as an operator runs them."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from libs.common.errors import NotFound
from libs.common.service import cli
from libs.common.service.app import Service
from libs.common.service.cli import Command
from tests.support.sample_service import SERVICE, url

__all__ = ["url"]

Shell = Callable[..., tuple[int, str, str]]


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Shell:
    keys = tmp_path / "keys.json"
    keys.write_text('{"keys": []}')
    environment = {"TOKEN_ISSUER": "x", "TOKEN_AUDIENCE": "x", "JWKS_URL": f"file://{keys}"}

    def run(*arguments: str, database: str = "", **own: Command) -> tuple[int, str, str]:
        for name, value in {**environment, "DATABASE_URL": database}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["beacons", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.run(SERVICE, **own)
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return run


def test_the_openapi_document_needs_no_settings_and_no_database(shell: Shell) -> None:
    code, out, _ = shell("openapi")
    assert code == 0
    assert "/v1/beacons" in json.loads(out)["paths"]


def test_a_command_without_its_settings_ends_with_two_and_says_why(shell: Shell) -> None:
    code, out, err = shell("verify-log")
    assert (code, out) == (2, "")
    assert "DATABASE_URL is not set" in err


def test_the_log_of_a_new_database_is_whole(shell: Shell, url: str) -> None:
    code, out, _ = shell("verify-log", database=url)
    assert (code, out.split(" events")[0]) == (0, "0")


def test_a_service_without_due_work_says_so(shell: Shell, url: str) -> None:
    assert shell("due-work", "--up-to", "2013-04-01", database=url)[:2] == (0, "beacons has no due work\n")
    assert shell("due-work", "--up-to", "spring", database=url)[0] == 2


def test_a_service_that_knows_nothing_of_others_has_no_checksums_and_nothing_to_rebuild(shell: Shell, url: str) -> None:
    assert shell("checksum", database=url) == (0, "", "")
    code, _, err = shell("rebuild", "organisations", database=url)
    assert (code, "has no projection" in err) == (1, True)


def test_a_service_has_commands_of_its_own(shell: Shell) -> None:
    async def send_smoke(service: Service, given: argparse.Namespace) -> int:
        if given.colour == "blue":
            raise NotFound("there is no blue smoke")
        print(f"{service.name}: {given.colour} smoke")
        return 3

    smoke = Command("Send smoke", send_smoke, lambda parser: parser.add_argument("colour"))
    assert shell("send-smoke", "white", send_smoke=smoke) == (3, "beacons: white smoke\n", "")
    code, _, err = shell("send-smoke", "blue", send_smoke=smoke)
    assert (code, err) == (1, "There is no such record. there is no blue smoke\n")
