"""Fixtures of the backbone's tests: a publisher and a subscriber with a database each, and a bus between them."""

from collections.abc import AsyncIterator

import pytest

from tests.support.databases import Databases, NewDatabase
from tests.support.sample_projection import Lamps, create_schema


@pytest.fixture
async def lamps(templates: Databases, new_database: NewDatabase) -> AsyncIterator[Lamps]:
    """A service that lights lamps and one that hears of it."""
    template = await templates.template_for("lamps", create_schema)
    lamps = Lamps(await new_database(template), await new_database(template))
    await lamps.open()
    yield lamps
    await lamps.close()
