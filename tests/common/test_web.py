"""The edge, seen from outside: a tiny service over ASGI, on a real PostgreSQL."""

from collections.abc import AsyncIterator

import httpx
import pytest

from libs.common.bus.direct import DirectBus
from libs.common.identity import Role
from libs.common.service import create_service
from tests.common import beacons
from tests.common.edge import Tokens, running, tokens
from tests.databases import Databases, NewDatabase

__all__ = ["tokens"]


@pytest.fixture
async def url(templates: Databases, new_database: NewDatabase) -> str:
    return await new_database(await templates.template_for("beacons", beacons.create_schema))


@pytest.fixture
async def client(url: str, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    app = create_service(beacons.SERVICE, tokens.settings(url), DirectBus({}))
    async with running(app, tokens.header(Role.REGISTRAR)) as client:
        yield client


async def test_a_command_is_done_and_can_be_read_again(client: httpx.AsyncClient) -> None:
    lit = await client.post("/v1/beacons", json={"code": "IVI", "name": "Ivinghoe"})
    assert (lit.status_code, lit.headers["ETag"], lit.json()["name"]) == (201, '"1"', "Ivinghoe")
    shown = await client.get("/v1/beacons/IVI")
    assert shown.json() == lit.json()
