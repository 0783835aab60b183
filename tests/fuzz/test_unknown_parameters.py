"""No operation of any service ignores a query parameter that it does not have."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from libs.common.identity import Role
from tests.support.platform import SERVICES, Platform


def operations(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Each operation of a service's document: its method and its path."""
    for path, methods in app.openapi()["paths"].items():
        for method in methods:
            yield method, path


@pytest.mark.parametrize("service", SERVICES)
async def test_an_unknown_parameter_is_refused_everywhere(platform: Platform, service: str) -> None:
    app, client = platform.apps[service], platform.clients[service]
    header = platform.tokens.header(*Role)
    ignored = []
    for method, path in operations(app):
        bare = path.replace("{", "").replace("}", "")
        # A search by form says first that it is one.
        sent = {"Content-Type": "application/x-www-form-urlencoded"} if path.endswith("/_search") else {}
        answer = await client.request(method, bare, params={"zebra": "1"}, headers=header | sent)
        if answer.status_code not in (400, 422) or "zebra" not in answer.text:
            ignored.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
    assert not ignored, "\n".join(ignored)
