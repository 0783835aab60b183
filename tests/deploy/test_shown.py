"""The pages that show an answer of a service on the laptop."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from deploy.demo.services import Services
from deploy.laptop.shown import shown
from deploy.laptop.state import SHOWN_AT


@pytest.mark.parametrize("path", ["/show/registry/v1/counts", "/issuer/keys", "/"])
async def test_only_a_service_is_asked_and_never_the_page_itself(path: str) -> None:
    """Each `/show` in a path that shows itself would be one more request, each waiting for the next."""
    front = Starlette()
    transport = httpx.ASGITransport(front, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        front.routes.append(Mount(SHOWN_AT, shown(Services(client, lambda name: name))))
        assert (await client.get(f"{SHOWN_AT}{path}")).status_code == 404
        answer = await client.get(f"{SHOWN_AT}/registry/v1/counts?as_at=2013-04-01")
        assert (answer.status_code, "GET /registry/v1/counts?as_at=2013-04-01" in answer.text) == (200, True)
