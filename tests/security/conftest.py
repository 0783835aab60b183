"""The four services together, for a walk through their commands and reads; and the registry on the real server."""

from collections.abc import AsyncIterator

import pytest

from tests.security.server import ServedService, on_sockets, served
from tests.support.databases import Databases, NewDatabase
from tests.support.edge import Tokens, tokens
from tests.support.platform import Platform, running_platform, schema

__all__ = ["tokens"]


@pytest.fixture
async def platform(templates: Databases, new_database: NewDatabase, tokens: Tokens) -> AsyncIterator[Platform]:
    """All four services, on empty databases, each on a socket of its own."""
    async with running_platform(templates, new_database, tokens) as running, on_sockets(running) as served_platform:
        yield served_platform


@pytest.fixture
async def registry_url(templates: Databases, new_database: NewDatabase) -> str:
    """A fresh registry database."""
    return await new_database(await templates.template_for("registry", schema("registry")))


@pytest.fixture
async def registry(registry_url: str, tokens: Tokens) -> AsyncIterator[ServedService]:
    """The registry, served by a process of its own."""
    async with served("registry", registry_url, tokens) as service:
        yield service
