"""The services' apps for tests: created once a session, run with a new database and bus for each test."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

import httpx
from fastapi import FastAPI

from libs.common.messaging.bus import Bus
from libs.common.service.app import connect
from libs.common.service.settings import Settings
from tests.support.edge import running

_idle: dict[tuple[str, str], list[FastAPI]] = defaultdict(list)
"""Apps that no test runs, by service and by the settings that they were created with."""


@asynccontextmanager
async def running_service(
    name: str, settings: Settings, bus: Bus, headers: dict[str, str] | None = None
) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    """Run a service with all its background tasks; gives its app and a client of it.

    Creating the registry's app takes 0.3 s, so an app is used again unless its test failed.
    """
    idle = _idle_of(name, settings)
    app = idle.pop() if idle else _created(name, settings, bus)
    connect(app, settings, bus)
    async with running(app, headers) as client:
        yield app, client
    idle.append(app)


def create_idle(name: str, settings: Settings, bus: Bus) -> None:
    """Create a service's app before it is needed: for processes that are forked from this one."""
    _idle_of(name, settings).append(_created(name, settings, bus))


def _idle_of(name: str, settings: Settings) -> list[FastAPI]:
    return _idle[name, settings.model_dump_json(exclude={"database_url"})]


def _created(name: str, settings: Settings, bus: Bus) -> FastAPI:
    app: FastAPI = import_module(f"services.{name}.app").create_app(settings, bus)
    return app
