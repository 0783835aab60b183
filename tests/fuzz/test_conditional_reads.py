"""Whoever has what a read returns gets 304 for it, of every list and record of the four services."""

import pytest

from libs.common.identity import Role
from tests.fuzz.test_unknown_parameters import operations
from tests.support.platform import SERVICES, Platform


@pytest.mark.parametrize("service", SERVICES)
async def test_a_read_is_answered_304_to_who_has_it(platform: Platform, service: str) -> None:
    client, header = platform.clients[service], platform.tokens.header(*Role) | {"Accept-Encoding": "identity"}
    asked = 0
    for method, path in operations(platform.apps[service]):
        if method != "get" or "{" in path or path == "/metrics":  # whose numbers change with each request
            continue
        first = await client.get(path, headers=header)
        if first.status_code != 200:
            continue
        tag = first.headers["ETag"]
        assert "Accept-Encoding" in first.headers["Vary"], path
        for named in (tag, f"W/{tag}", "*", f'"3", {tag}'):
            again = await client.get(path, headers=header | {"If-None-Match": named})
            assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag), (path, named)
            assert again.headers["Vary"] == first.headers["Vary"], path
        assert (await client.get(path, headers=header | {"If-None-Match": '"3"'})).status_code == 200, path
        asked += 1
    assert asked > 5
