"""The four services, running and filled, to be fuzzed."""

from collections.abc import AsyncIterator

import pytest

from tests.fuzz.seeds import fill
from tests.support.databases import Databases, NewDatabase
from tests.support.edge import Tokens, tokens
from tests.support.platform import Platform, running_platform

__all__ = ["tokens"]


@pytest.fixture
async def platform(templates: Databases, new_database: NewDatabase, tokens: Tokens) -> AsyncIterator[Platform]:
    """All four services with something in each, so that reads find rows and commands find what they change."""
    async with running_platform(templates, new_database, tokens) as running:
        await fill(running)
        yield running
