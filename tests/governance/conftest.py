"""A governance database, what was heard from the registry, and callers."""

from collections.abc import AsyncIterator

import pytest

from libs.common.database.connection import Database
from libs.common.database.migrations import migrate
from tests.support.databases import Databases, NewDatabase
from tests.support.edge import tokens
from tests.support.governance_harness import GovernanceHarness

__all__ = ["tokens"]


async def _build(url: str) -> None:
    await migrate(url, "governance")


@pytest.fixture
async def url(templates: Databases, new_database: NewDatabase) -> str:
    """A fresh, migrated governance database."""
    return await new_database(await templates.template_for("governance_migrated", _build))


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """It, opened."""
    opened = Database(url)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def harness(database: Database) -> GovernanceHarness:
    """Everything a test about governance does, with the CCGs of Buckinghamshire open since April 2013."""
    harness = GovernanceHarness(database)
    await harness.hear_of_ccgs("10H", "10Y")
    return harness
