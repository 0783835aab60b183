"""The plans of finance's hot reads on large tables: each finds the few rows that it needs by an index."""

from collections.abc import AsyncIterator
from datetime import date

import pytest

from libs.common.database.connection import Database
from services.finance.allowances.queries import get_allowance, list_allowances
from services.finance.core.sight import Sight
from services.finance.core.years import FinancialYear
from tests.support.databases import Databases, NewDatabase
from tests.support.plans import Plans
from tests.support.platform import schema

_LARGE = """
INSERT INTO allowance (organisation_code, financial_year, version)
SELECT 'F' || lpad(n::text, 5, '0'), year, 1
  FROM generate_series(1, 2000) n CROSS JOIN generate_series(2018, 2021) year;
INSERT INTO stated_population (allowance_id, population, source, first_day, rate_pence, rate_found, pack, amount_pence,
                               known, recorded_by)
SELECT id, 1000, 'test', '2020-04-01', 2207, true, 'test', 2207000, '[2020-01-01,)', 'test' FROM allowance;
INSERT INTO allowance_part (allowance_id, valid, known, amount_pence, population, pack)
SELECT id, '[2020-04-01,2021-04-01)', '[2020-01-01,)', 2207000, 1000, 'test' FROM allowance;
"""
_TABLES = {"allowance", "stated_population", "allowance_part"}


async def _build(url: str) -> None:
    await schema("finance")(url)
    async with Database(url).connect() as driver:
        await driver.execute(_LARGE)
        await driver.execute("VACUUM ANALYZE")


@pytest.fixture
async def plans(templates: Databases, new_database: NewDatabase) -> AsyncIterator[Plans]:
    """What is read of finance with large tables, explained."""
    database = Database(await new_database(await templates.template_for("large_finance", _build)))
    async with database.connect() as connection:
        yield Plans(connection)


@pytest.mark.parametrize(
    ("codes", "as_at", "many"), [(None, None, 51), ({"F00007"}, None, 4), ({"F00007"}, date(2020, 6, 1), 4)]
)
async def test_a_page_of_allowances_is_read_by_organisation_and_year(
    plans: Plans, codes: set[str] | None, as_at: date | None, many: int
) -> None:
    sight = Sight(None if codes is None else frozenset(codes))
    found = await list_allowances(plans, sight=sight, year=None, as_at=as_at, as_known=None, after=("", 0), limit=51)
    assert len(found) == many
    assert not plans.read_whole & _TABLES


async def test_an_allowance_is_read_by_organisation_and_year(plans: Plans) -> None:
    found = await get_allowance(plans, "F00007", FinancialYear(2020), sight=Sight(None), as_known=None)
    assert found.organisation == "F00007"
    assert not plans.read_whole & _TABLES
