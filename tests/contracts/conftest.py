"""A contracts database, what was heard from the registry, and callers."""

from collections.abc import AsyncIterator

import pytest

from libs.common.database.connection import Database
from libs.common.database.migrations import migrate
from tests.support.contracts_harness import ContractsHarness
from tests.support.databases import Databases, NewDatabase
from tests.support.edge import tokens

__all__ = ["tokens"]


async def _build(url: str) -> None:
    await migrate(url, "contracts")


@pytest.fixture
async def url(templates: Databases, new_database: NewDatabase) -> str:
    """A fresh, migrated contracts database."""
    return await new_database(await templates.template_for("contracts_migrated", _build))


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """It, opened."""
    opened = Database(url)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def harness(database: Database) -> ContractsHarness:
    """Everything a test about contracts does, with the CCGs of Buckinghamshire and of the Black Country open."""
    harness = ContractsHarness(database)
    await harness.hear_of_ccgs("10H", "10Y", "05C", "05Y")
    return harness
