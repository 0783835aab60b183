"""The four services together, for a walk through their commands and reads."""

from collections.abc import AsyncIterator

import pytest

from tests.support.databases import Databases, NewDatabase
from tests.support.edge import Tokens, tokens
from tests.support.platform import Platform, running_platform

__all__ = ["tokens"]


@pytest.fixture
async def platform(templates: Databases, new_database: NewDatabase, tokens: Tokens) -> AsyncIterator[Platform]:
    """All four services, on empty databases."""
    async with running_platform(templates, new_database, tokens) as running:
        yield running
