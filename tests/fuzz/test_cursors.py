"""A cursor is that of one list: every list of every service refuses the others."""

import base64
import json

import pytest

from libs.common.identity import Role
from tests.platform import SERVICES, Platform

_OF_NO_LIST: list[list[object]] = [
    [True],
    [None],
    [[]],
    [{}],
    ["\x00"],
    ["\ud800"],
    [2**63],
    ["x", "y", 1, "z", 2],
]
_OF_ONE_LIST: list[list[object]] = [[5], ["5"], ["5", "5"], ["5", 5]]


def lists(platform: Platform, service: str) -> list[str]:
    """The paths of the service's lists, which need no other parameter."""
    return [
        path.removeprefix("/v1")
        for path, operations in platform.apps[service].openapi()["paths"].items()
        if {"after", "limit"} <= {one["name"] for one in operations.get("get", {}).get("parameters", [])}
        and path.startswith("/v1/")
        and "{" not in path
        and path != "/v1/events"  # follows positions of the log, which are numbers of the query
    ]


async def asked(platform: Platform, service: str, path: str, parts: list[object]) -> int:
    """How a list answers to a cursor with these parts."""
    cursor = base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")
    headers = platform.tokens.header(*Role)
    return (await platform.clients[service].get(f"/v1{path}", params={"after": cursor}, headers=headers)).status_code


@pytest.mark.parametrize("service", SERVICES)
async def test_every_list_refuses_a_cursor_that_none_of_its_pages_gave(platform: Platform, service: str) -> None:
    found = lists(platform, service)
    assert "/operations/parked" in found
    for path in found:
        for parts in _OF_NO_LIST:
            assert await asked(platform, service, path, parts) == 400, (path, parts)
        answers = [await asked(platform, service, path, parts) for parts in _OF_ONE_LIST]
        assert answers.count(200) <= 1, (path, answers)
        assert set(answers) <= {200, 400}, (path, answers)
