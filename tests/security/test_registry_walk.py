"""Every command of the registry is refused to who does not act for all that it binds."""

from libs.common.identity import Role
from tests.security.walk import Case, walk
from tests.support.builders import a_ccg
from tests.support.platform import Platform

CASES = [
    Case(operation="open_organisation", role=Role.REGISTRAR, binds=("10Y",), path="/organisations", json=a_ccg("10Y")),
]


async def test_every_command_needs_its_role_and_every_organisation_that_it_binds(platform: Platform) -> None:
    await walk(platform, "registry", CASES)
