"""The four services, running, for scenarios."""

from collections.abc import AsyncIterator

import pytest

from tests.support.buses import access_to
from tests.support.databases import Databases, NewDatabase
from tests.support.edge import Tokens, tokens
from tests.support.platform import Platform, running_platform

__all__ = ["tokens"]


@pytest.fixture
async def platform(
    request: pytest.FixtureRequest, templates: Databases, new_database: NewDatabase, tokens: Tokens
) -> AsyncIterator[Platform]:
    """All four services on databases of their own: on the direct bus, unless a test names another."""
    on_kafka = getattr(request, "param", "direct") == "kafka"
    kafka = access_to(request.getfixturevalue("kafka")) if on_kafka else None
    async with running_platform(templates, new_database, tokens, kafka) as running:
        yield running
