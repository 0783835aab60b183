"""The gatherer over a platform's services, as somebody asks it."""

from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request

from deploy.gatherer.app import provenance_route
from deploy.gatherer.chain import Answer, Ask, answer_of
from libs.common.identity import Role
from tests.support.platform import Platform


async def gathered(
    platform: Platform, reference: str, *, organisations: tuple[str, ...] = ("*",), accept: str = "*/*"
) -> httpx.Response:
    """What the gatherer answers to a partner who acts for these."""

    def ask_as(request: Request) -> Ask:
        headers = {"Authorization": request.headers.get("authorization", "")}

        async def ask(service: str, path: str) -> Answer:
            return await answer_of(platform.clients[service].get(path, headers=headers))

        return ask

    app = httpx.ASGITransport(Starlette(routes=[provenance_route(ask_as)]))
    signed = platform.tokens.header(Role.PARTNER, organisations=organisations)
    async with httpx.AsyncClient(transport=app, base_url="http://gatherer") as client:
        return await client.get(f"/provenance/{reference}", headers={**signed, "Accept": accept})


def steps(chain: Any) -> list[str]:
    """The parts of a chain as `service told`, those of one depth sorted."""
    found = [(one["depth"], f"{one['service']} {one['provenance']['told']}") for one in chain["parts"]]
    return [name for _, name in sorted(found)]
