"""Serves the laptop's one port: an index page, and each service under a prefix of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from libs.common.http.pages import page as secured


@asynccontextmanager
async def running(services: Mapping[str, FastAPI]) -> AsyncIterator[None]:
    """Enter the lifespan of every service, and leave them all at the end: mounting an app does not do this."""
    async with AsyncExitStack() as stack:
        for service in services.values():
            await stack.enter_async_context(service.router.lifespan_context(service))
        yield


def front(services: Mapping[str, FastAPI], *, page: Callable[[], Awaitable[str]], more: list[BaseRoute]) -> Starlette:
    """Mount the services at `/registry`, `/contracts` and so on, with `page` at `/` and the routes `more`."""

    async def index(_: Request) -> Response:
        return secured(await page())

    return Starlette(
        routes=[Route("/", index), *more, *(Mount(f"/{name}", service) for name, service in services.items())]
    )
