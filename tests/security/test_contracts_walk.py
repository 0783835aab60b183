"""Every command of contracts is refused to who does not act for all that it binds."""

from libs.common.identity import Role
from tests.security.walk import Case, walk
from tests.support.builders import a_contract
from tests.support.platform import Platform

CASES = [
    Case(
        operation="draft_contract",
        role=Role.CONTRACT_LEAD,
        binds=("10H", "10Y"),
        path="/contracts",
        json=a_contract(customers=["10H", "10Y"]),
    ),
]


async def test_every_command_needs_its_role_and_every_organisation_that_it_binds(platform: Platform) -> None:
    await walk(platform, "contracts", CASES)
