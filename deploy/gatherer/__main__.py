"""Serves the gatherer beside the four services: `python -m deploy.gatherer`; SERVICES_AT says where they are."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from deploy.gatherer.app import passing_on, provenance_route
from deploy.gatherer.chain import Answer, Ask, answer_of

_SECONDS = 30.0


def create_app(services_at: str) -> Starlette:
    """Return the gatherer as an app; `services_at` has `{service}` in it, such as `http://{service}:8000`."""
    client = httpx.AsyncClient(timeout=_SECONDS)

    def ask_as(request: Request) -> Ask:
        headers = {"Authorization": request.headers.get("authorization", "")}

        async def ask(service: str, path: str) -> Answer:
            return await answer_of(client.get(f"{services_at.format(service=service)}{path}", headers=headers))

        return ask

    async def ready(_: Request) -> Response:
        return PlainTextResponse("ready")

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with client:
            yield

    return Starlette(
        routes=[provenance_route(ask_as), passing_on(ask_as), Route("/health/ready", ready)], lifespan=lifespan
    )


if __name__ == "__main__":
    uvicorn.run(
        create_app(os.environ.get("SERVICES_AT", "http://{service}:8000")),
        host=os.environ.get("HOST", "127.0.0.1"),
        port=int(os.environ.get("PORT", "8000")),
        access_log=False,
    )
