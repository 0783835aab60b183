"""A branch of the demo's England, opened at the laptop's port: bounded in size, and its links stay in it."""

import os
import signal
import time
from pathlib import Path

import httpx

from tests.support.demo import Demo

MOST_BYTES = 200_000_000
_SOON = 240.0
_UNAVAILABLE = 503


def _until_open(demo: Demo, answer: httpx.Response) -> dict[str, object]:
    while answer.is_success and answer.json()["state"] == "opening":
        answer = demo.send("GET", answer.headers.get("Location", str(answer.request.url.path)), timeout=_SOON)
    assert answer.is_success, answer.text
    opened: dict[str, object] = answer.json()
    return opened


def test_a_branch_of_the_demo_is_bounded_its_links_stay_in_it_and_it_outlives_a_kill_of_its_process(demo: Demo) -> None:
    body = {"name": "england", "bodies": ["QUA"]}
    opened = _until_open(demo, demo.send("POST", "/branches", user="black-country", json=body, timeout=_SOON))
    assert (opened["state"], opened["failure"]) == ("open", "")
    # The base has as much again, in databases that no session enters.
    assert 2 * int(str(opened["bytes"])) < MOST_BYTES
    path = "/registry/v1/organisations/QUA"
    here = demo.send("GET", f"/branches/england{path}", user="black-country")
    assert here.json() == demo.send("GET", path, user="black-country").json()
    page = demo.send("GET", "/branches/england/registry/v1/organisations?limit=1", user="black-country").json()
    assert page["next"].startswith("/branches/england/registry/v1/organisations?")
    _kill_and_ask_again(demo, f"/branches/england{path}")
    assert demo.client.get("/branches").json()["items"], "who reads the pages on this machine needs no token"
    assert demo.send("DELETE", "/branches/england", user="black-country").status_code == 204
    assert demo.client.get("/branches").json()["items"] == []


def _kill_and_ask_again(demo: Demo, path: str) -> None:
    """Kill the process of branches: it is started again by the next request, and finds its branches."""
    before = demo.send("GET", path, user="black-country").json()
    os.kill(_process_of_branches(demo), signal.SIGKILL)
    deadline = time.monotonic() + _SOON
    # What is on its way to the process when it ends is answered with 503.
    while (again := demo.send("GET", path, user="black-country", timeout=_SOON)).status_code == _UNAVAILABLE:
        assert time.monotonic() < deadline, again.text
    assert again.json() == before


def _process_of_branches(demo: Demo) -> int:
    """The process whose branch server is in this laptop's folder."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            given = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"deploy.branches" in given and str(demo.folder / "var" / "branches").encode() in given:
            return int(folder.name)
    raise AssertionError("no process of branches runs for this laptop")
