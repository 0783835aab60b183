"""HEAD is answered wherever GET is: the same status and headers, and no body."""

import pytest

from libs.common.identity import Role
from tests.fuzz.test_unknown_parameters import operations
from tests.support.platform import SERVICES, Platform

OF_THE_REQUEST = {"x-request-id", "x-correlation-id"}


@pytest.mark.parametrize("service", SERVICES)
async def test_head_answers_as_get_without_its_body(platform: Platform, service: str) -> None:
    client, header = platform.clients[service], platform.tokens.header(*Role)
    asked = 0
    for method, path in operations(platform.apps[service]):
        if method != "get" or path == "/metrics":  # whose numbers, and so their length, change with each request
            continue
        bare = path.replace("{", "").replace("}", "")
        whole = await client.get(bare, headers=header)
        head = await client.head(bare, headers=header)
        assert (head.status_code, head.content) == (whole.status_code, b""), path
        same = {name: value for name, value in whole.headers.items() if name not in OF_THE_REQUEST}
        if whole.is_error:  # a problem names its request
            same.pop("content-length")
        assert same.items() <= head.headers.items(), path
        asked += 1
    assert asked > 5


@pytest.mark.parametrize("path", ["/v1/operations/parked", "/health/live"])
async def test_what_is_only_read_allows_head(platform: Platform, path: str) -> None:
    refused = await platform.clients["finance"].delete(path, headers=platform.tokens.header(*Role))
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")
