"""The plans of contracts' hot reads on large tables: each finds the few rows that it needs by an index."""

from collections.abc import AsyncIterator
from datetime import date

import pytest

from libs.common.database.connection import Database
from libs.common.identity import EVERY_ORGANISATION, Caller, Role
from services.contracts.core.queries import ContractFilter, get_contract, list_contracts
from tests.support.databases import Databases, NewDatabase
from tests.support.plans import Plans
from tests.support.platform import schema

DAY = date(2021, 1, 1)
NATIONAL = Caller("n", frozenset({Role.PARTNER}), frozenset({EVERY_ORGANISATION}))
CUSTOMER = Caller("c", frozenset({Role.PARTNER}), frozenset({"C7"}))

_LARGE = """
INSERT INTO contract (reference, title, supplier_code, starts_on, last_day, notice_months, value_basis, drafted_at,
                      status, signed_on, signed_at, version)
SELECT 'SC-' || lpad(n::text, 5, '0'), 'support', 'S' || n % 500, '2020-04-01', '2023-03-31', 6, 'illustrative',
       '2020-01-01', 'signed', '2020-02-01', '2020-02-01', 1
  FROM generate_series(1, 6000) n;
INSERT INTO contract_customer (contract_id, customer_code) SELECT id, 'C' || id % 1000 FROM contract;
INSERT INTO contract_line (contract_id, function, annual_pence) SELECT id, 'payroll', 100 FROM contract;
INSERT INTO contract_life_belief (subject_id, facet, value, valid, known)
SELECT id, 1, 'active', daterange(starts_on, last_day, '[]'), tstzrange(signed_at, NULL) FROM contract;
INSERT INTO contract_customer_belief (subject_id, facet, value, valid, known)
SELECT id, 1, 'customer', '[2020-04-01,2023-04-01)', '[2020-02-01,)' FROM contract_customer;
"""
_TABLES = {"contract", "contract_customer", "contract_line", "contract_life_belief", "contract_customer_belief"}


async def _build(url: str) -> None:
    await schema("contracts")(url)
    async with Database(url).connect() as driver:
        await driver.execute(_LARGE)
        await driver.execute("VACUUM ANALYZE")


@pytest.fixture
async def plans(templates: Databases, new_database: NewDatabase) -> AsyncIterator[Plans]:
    """What is read of contracts with large tables, explained."""
    database = Database(await new_database(await templates.template_for("large_contracts", _build)))
    async with database.connect() as connection:
        yield Plans(connection)


async def test_a_contract_is_read_by_its_reference(plans: Plans) -> None:
    found = await get_contract(plans, "SC-00007", by=NATIONAL, as_at=DAY, as_known=None)
    assert found["reference"] == "SC-00007"
    assert "uq_contract_reference" in plans.indexes
    assert not plans.read_whole & _TABLES
    assert not plans.by_day


async def test_a_body_of_very_many_contracts_reads_one_by_its_reference(plans: Plans) -> None:
    everyone = Caller("e", frozenset({Role.PARTNER}), frozenset(f"C{number}" for number in range(1000)))
    found = await get_contract(plans, "SC-00007", by=everyone, as_at=DAY, as_known=None)
    assert found["reference"] == "SC-00007"
    assert not plans.read_whole & _TABLES


async def test_a_page_of_contracts_is_read_in_the_order_of_references(plans: Plans) -> None:
    found = await list_contracts(plans, ContractFilter(), by=NATIONAL, as_at=DAY, as_known=None, limit=51)
    assert len(found) == 51
    assert "uq_contract_reference" in plans.indexes
    assert not plans.read_whole & _TABLES
    assert not plans.by_day


async def test_the_contracts_of_a_supplier_are_read_by_the_supplier(plans: Plans) -> None:
    wanted = ContractFilter(supplier="S7")
    found = await list_contracts(plans, wanted, by=NATIONAL, as_at=DAY, as_known=None, limit=51)
    assert {one["supplier_code"] for one in found} == {"S7"}
    assert plans.indexes & {"uq_contract_reference", "ix_contract_supplier_code"}
    assert not plans.read_whole & _TABLES
    assert not plans.by_day


async def test_a_customer_sees_its_contracts_by_an_index(plans: Plans) -> None:
    found = await list_contracts(plans, ContractFilter(), by=CUSTOMER, as_at=DAY, as_known=None, limit=51)
    assert len(found) == 6
    # In the order of references it would read everybody's contracts until a page is full.
    assert "ix_contract_customer_customer_code" in plans.indexes
    assert "uq_contract_reference" not in plans.indexes
    assert not plans.read_whole & _TABLES
    assert not plans.by_day


async def test_the_contracts_of_a_customer_are_read_by_the_customer(plans: Plans) -> None:
    found = await list_contracts(plans, ContractFilter(customer="C7"), by=NATIONAL, as_at=DAY, as_known=None, limit=51)
    assert len(found) == 6
    assert "ix_contract_customer_customer_code" in plans.indexes
    assert "uq_contract_reference" not in plans.indexes
    assert not plans.read_whole & _TABLES
