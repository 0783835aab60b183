"""The four services, running, for scenarios."""

from collections.abc import AsyncIterator

import pytest

from tests.common.edge import Tokens, tokens
from tests.databases import Databases, NewDatabase
from tests.platform import Platform, running_platform

__all__ = ["tokens"]


@pytest.fixture
async def platform(templates: Databases, new_database: NewDatabase, tokens: Tokens) -> AsyncIterator[Platform]:
    """All four services on databases of their own."""
    async with running_platform(templates, new_database, tokens) as running:
        yield running
