"""A finance database, what was heard from the registry and contracts, and callers."""

from collections.abc import AsyncIterator

import httpx
import pytest

from libs.common.database.connection import Database
from libs.common.database.migrations import migrate
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from tests.support.apps import running_service
from tests.support.databases import Databases, NewDatabase
from tests.support.edge import Tokens, tokens
from tests.support.finance_harness import FinanceHarness

__all__ = ["tokens"]


async def build(url: str) -> None:
    """Migrate an empty database to that of finance."""
    await migrate(url, "finance")


@pytest.fixture
async def url(templates: Databases, new_database: NewDatabase) -> str:
    """A fresh, migrated finance database."""
    return await new_database(await templates.template_for("finance_migrated", build))


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """It, opened."""
    opened = Database(url)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def harness(database: Database) -> FinanceHarness:
    """Everything a test about finance does, with some CCGs open since April 2013."""
    harness = FinanceHarness(database)
    await harness.hear_of_ccgs("10H", "10Y", "10G", "11C", "06H", "99M")
    return harness


@pytest.fixture
async def other_stage(templates: Databases, new_database: NewDatabase) -> AsyncIterator[FinanceHarness]:
    """A second one, on a database of its own, to compare with."""
    opened = Database(await new_database(await templates.template_for("finance_migrated", build)))
    await opened.open()
    harness = FinanceHarness(opened)
    await harness.hear_of_ccgs("10H", "10Y", "10G", "11C", "06H", "99M")
    yield harness
    await opened.close()


@pytest.fixture
async def client(url: str, harness: FinanceHarness, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:  # noqa: ARG001
    """The service with some CCGs heard of, called by the finance lead of Cambridgeshire and Aylesbury Vale."""
    bus = DirectBus({"registry": url, "contracts": url, "governance": url})
    lead = tokens.header(Role.FINANCE_LEAD, organisations=("06H", "10Y"))
    async with running_service("finance", tokens.settings(url), bus, lead) as (_, client):
        yield client
