"""A cursor is that of one list: every list of every service refuses the others."""

import base64
import json
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.platform import SERVICES, Platform

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


def lists(platform: Platform, service: str) -> dict[str, dict[str, str]]:
    """The paths of the service's lists with the days and sorts that they need."""
    document = platform.apps[service].openapi()
    found = {}
    for path, operations in document["paths"].items():
        parameters = operations.get("get", {}).get("parameters", [])
        names = {one["name"]: one["schema"].get("type") for one in parameters}
        # The feed follows positions of the log, and flips numbers of versions: numbers of the query, no cursors.
        if {"after", "limit"} <= names.keys() and "{" not in path and names["after"] != "integer":
            needed = [one for one in parameters if one["required"] or one["name"] == "on"]
            found[path.removeprefix("/v1")] = {one["name"]: fitting(one["schema"], document) for one in needed}
    return found


def fitting(schema: dict[str, Any], document: dict[str, Any]) -> str:
    """A value that a parameter takes: the first of those named, or of its examples, else a day."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return str(schema.get("enum", schema.get("examples", ["2018-04-01"]))[0])


_ONE_OF_TWO = {"/exit-assessments": {"organisation": "10H"}}
"""What a list needs of which OpenAPI cannot say that one is needed."""


async def asked(platform: Platform, service: str, path: str, needed: dict[str, str], parts: list[object]) -> int:
    """How a list answers to a cursor with these parts."""
    cursor = base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")
    headers = platform.tokens.header(*Role)
    answer = await platform.clients[service].get(
        f"/v1{path}", params={**_ONE_OF_TWO.get(path, {}), **needed, "after": cursor}, headers=headers
    )
    return answer.status_code


@pytest.mark.parametrize("service", SERVICES)
async def test_every_list_refuses_a_cursor_that_none_of_its_pages_gave(platform: Platform, service: str) -> None:
    found = lists(platform, service)
    assert "/operations/parked" in found
    for path, needed in found.items():
        for parts in _OF_NO_LIST:
            assert await asked(platform, service, path, needed, parts) == 400, (path, parts)
        answers = [await asked(platform, service, path, needed, parts) for parts in _OF_ONE_LIST]
        assert answers.count(200) <= 1, (path, answers)
        assert set(answers) <= {200, 400}, (path, answers)
