"""A registry that runs on a database of its own."""

from collections.abc import AsyncIterator

import pytest

from libs.common.database.connection import Database
from libs.common.messaging.bus.direct import DirectBus
from tests.support.apps import running_service
from tests.support.databases import Databases, NewDatabase
from tests.support.edge import Tokens, tokens
from tests.support.platform import schema
from tests.support.registry_client import RegistryClient

__all__ = ["tokens"]


@pytest.fixture
async def url(templates: Databases, new_database: NewDatabase) -> str:
    """A fresh registry database."""
    return await new_database(await templates.template_for("registry", schema("registry")))


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """It, opened, with no service on it."""
    opened = Database(url)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def registry(url: str, tokens: Tokens) -> AsyncIterator[RegistryClient]:
    """The registry, running."""
    bus = DirectBus({"registry": url})
    async with running_service("registry", tokens.settings(url), bus) as (app, client):
        yield RegistryClient(app, client, tokens)
    await bus.close()
