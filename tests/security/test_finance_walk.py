"""Every command of finance is refused to who does not act for all that it binds."""

from datetime import date

from libs.common.identity import Role
from tests.security.walk import Case, walk, without_a_case
from tests.support.builders import a_ccg
from tests.support.platform import Platform

BODY = {"population": 856_000, "source": "GP registered lists"}
PATH = "/organisations/{code}/populations/{year}"

CASES = [
    Case(
        operation="state_population",
        role=Role.FINANCE_LEAD,
        binds=("06H",),
        method="PUT",
        path=PATH,
        values={"code": "06H", "year": "2013-14"},
        json=BODY | {"population": 857_000},
        version=1,
    ),
    Case(
        operation="state_population",
        role=Role.FINANCE_LEAD,
        binds=("06H",),
        method="PUT",
        path=PATH,
        values={"code": "06H", "year": "2014-15"},
        json=BODY,
    ),
]


async def test_every_command_needs_its_role_and_every_organisation_that_it_binds(platform: Platform) -> None:
    await platform.move_clocks(date(2013, 4, 1))
    await platform.call("POST", "registry", "/organisations", Role.REGISTRAR, json=a_ccg("06H"))
    await platform.caught_up()
    path = PATH.format(code="06H", year="2013-14")
    await platform.call("PUT", "finance", path, Role.FINANCE_LEAD, json=BODY)
    await walk(platform, "finance", CASES)
    others = without_a_case(platform.apps["finance"], CASES)
    assert [name for name, binding in others.items() if binding is None or not binding.none_because] == []
