"""Serves the laptop's one port: the console, and each service under a prefix of its own."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Match, Mount
from starlette.types import ASGIApp, Scope


@asynccontextmanager
async def running(apps: Iterable[Starlette]) -> AsyncIterator[None]:
    """Enter the lifespan of every app, and leave them all at the end: mounting an app does not do this."""
    async with AsyncExitStack() as stack:
        for app in apps:
            await stack.enter_async_context(app.router.lifespan_context(app))
        yield


def front(services: Mapping[str, FastAPI], *, console: ASGIApp, more: list[BaseRoute]) -> Starlette:
    """Mount the services at `/registry`, `/contracts` and so on, with the routes `more` and the console at `/`."""
    mounts = [_ServiceMount(f"/{name}", service) for name, service in services.items()]
    return Starlette(routes=[*more, *mounts, Mount("/", console)])


class _ServiceMount(Mount):
    """A service below its name. What is none of its routes is left to the console, which has pages of that name too."""

    def __init__(self, path: str, service: FastAPI) -> None:
        super().__init__(path, service)
        mounts = [route.path for route in service.routes if isinstance(route, Mount)]
        routes = [found.path_format for found in iter_route_contexts(service.routes) if found.path_format]
        self._parts = frozenset(_first_part(path) for path in (*mounts, *routes))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match what begins as one of the service's own routes does."""
        match, below = super().matches(scope)
        rest = scope["path"].removeprefix(self.path)
        # `/contracts/` is the service's own index, `/contracts` a page of the console.
        is_own = match is not Match.NONE and rest.startswith("/") and _first_part(rest) in self._parts
        return (match, below) if is_own else (Match.NONE, {})


def _first_part(path: str) -> str:
    return path.lstrip("/").partition("/")[0]
