"""One branch server for all tests of branches, and one life that they are branches of."""

from collections.abc import AsyncIterator, Iterator
from datetime import date

import pytest

from deploy.branches.servers import BranchServer
from libs.common.identity import Role
from tests.support.branching import Planning, branch_server, planning
from tests.support.builders import a_ccg
from tests.support.databases import Databases, fresh_databases
from tests.support.edge import Tokens, tokens
from tests.support.platform import Platform, running_platform

__all__ = ["tokens"]


@pytest.fixture(scope="package")
def server() -> Iterator[BranchServer]:
    with branch_server() as started:
        yield started


@pytest.fixture(scope="package")
async def life(templates: Databases, tokens: Tokens) -> AsyncIterator[Platform]:
    """Four services on 1 March 2018, in which two CCGs are open."""
    async with fresh_databases(templates) as new, running_platform(templates, new, tokens) as platform:
        await platform.move_clocks(date(2013, 4, 1))  # so that nothing is stated after the day of the branches
        ccgs = {"organisations": [a_ccg(code) for code in ("10H", "10Y")]}
        await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json=ccgs)
        await platform.move_clocks(date(2018, 3, 1))
        yield platform


@pytest.fixture
async def planner(life: Platform, server: BranchServer) -> AsyncIterator[Planning]:
    async with planning(life, server) as served:
        yield served
        for branch in served.branches.of(served.everyone):
            await served.branches.drop(branch)
