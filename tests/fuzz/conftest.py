"""The four services, running and filled, to be fuzzed."""

from collections.abc import AsyncIterator

import pytest

from tests.fuzz.seeds import fill
from tests.support.databases import OWNER, Databases, NewDatabase
from tests.support.edge import Tokens, tokens
from tests.support.platform import SERVICES, Platform, platform_on, schema

__all__ = ["tokens"]


@pytest.fixture(scope="session")
async def filled(templates: Databases, tokens: Tokens) -> dict[str, str]:
    """The names of the four databases with something in each, filled once for the whole session and then copied."""
    names = {name: await templates.create(await templates.template_for(name, schema(name))) for name in SERVICES}
    async with platform_on(
        {name: templates.server.dsn(made, OWNER) for name, made in names.items()}, tokens
    ) as running:
        await fill(running)
        await running.caught_up()
    return names


@pytest.fixture
async def platform(filled: dict[str, str], new_database: NewDatabase, tokens: Tokens) -> AsyncIterator[Platform]:
    """All four services with something in each, so that reads find rows and commands find what they change."""
    async with platform_on({name: await new_database(made) for name, made in filled.items()}, tokens) as running:
        yield running
