"""One branch server for all tests of branches, and one life that they are branches of."""

from collections.abc import AsyncIterator, Iterator
from datetime import date
from typing import Any

import pytest

from deploy.branches.servers import BranchServer
from libs.common.identity import Role
from tests.support.branching import Planning, branch_server, planning
from tests.support.builders import a_ccg, a_contract, an_organisation
from tests.support.databases import Databases, fresh_databases
from tests.support.edge import Tokens, tokens
from tests.support.platform import Platform, running_platform

__all__ = ["tokens"]
CONTRACT, NAME = "CSU-OTHERS-2018", "Wilhelmina Quince"


@pytest.fixture(scope="package")
def server() -> Iterator[BranchServer]:
    with branch_server() as started:
        yield started


@pytest.fixture(scope="package")
async def life(templates: Databases, tokens: Tokens) -> AsyncIterator[Platform]:
    """Four services on 1 March 2018, in which three CCGs are open; one has a contract, and keeps a person's record."""
    async with fresh_databases(templates) as new, running_platform(templates, new, tokens) as platform:
        await platform.move_clocks(date(2013, 4, 1))  # so that nothing is stated after the day of the branches
        units = [an_organisation(code, "csu") for code in ("0CX", "0DJ")]
        bodies = {"organisations": [*(a_ccg(code) for code in ("10H", "10Y", "15A")), *units]}
        await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json=bodies)
        await platform.move_clocks(date(2018, 3, 1))
        await platform.caught_up()
        lead: dict[str, Any] = {"organisations": ("15A",)}
        terms = {"reference": CONTRACT, "customers": ["15A"], "starts_on": "2018-03-01", "last_day": "2020-03-31"}
        drafted = await platform.call(
            "POST", "contracts", "/contracts", Role.CONTRACT_LEAD, json=a_contract(**terms), **lead
        )
        version = {"If-Match": f'"{drafted["version"]}"'}
        to = f"/contracts/{CONTRACT}/signature"
        await platform.call("POST", "contracts", to, Role.CONTRACT_LEAD, json={}, headers=version, **lead)
        costs = {"effective_on": "2018-03-01", "fixed_pence": 600_000_000, "basis": "stated"}
        unit: dict[str, Any] = {"organisations": ("0CX",)}
        await platform.call("POST", "contracts", "/suppliers/0CX/costs", Role.CONTRACT_LEAD, json=costs, **unit)
        person = {"organisation": "15A", "display_name": NAME}
        await platform.call("POST", "governance", "/people", Role.GOVERNANCE_LEAD, json=person, **lead)
        await platform.caught_up()
        yield platform


@pytest.fixture
async def planner(life: Platform, server: BranchServer) -> AsyncIterator[Planning]:
    async with planning(life, server) as served:
        yield served
        for branch in served.branches.of(served.everyone):
            await served.branches.drop(branch)
