"""What is done and killed: one merger with all that follows it, and one consolidation that a member leaves in time."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any

from libs.common.identity import Role
from tests.scenarios.test_a_merger_crosses_the_services import appoint, merge, open_ccgs, sign_contract
from tests.scenarios.test_bodies_decide_a_consolidation import PLAN, planned
from tests.scenarios.test_s05_a_plan_waits_or_pays import act
from tests.support.ballots import Bodies
from tests.support.platform import Platform

MERGED = date(2018, 4, 1)
_MEMBERS = ("05C", "05L", "05Y", "06A")


async def merger(platform: Platform) -> None:
    """Two CCGs with a contract, a population and an officer each become one."""
    codes = ["10H", "10Y"]
    await open_ccgs(platform, codes)
    for code, population in zip(codes, (330_000, 205_000), strict=True):
        await sign_contract(platform, f"SUPPORT-{code}", [code], 1_200_000)
        people = {"population": population, "source": "a test"}
        await platform.call("PUT", "finance", f"/organisations/{code}/populations/2018-19", json=people)
    await appoint(platform, codes)
    await merge(platform, "14Y", "NHS Buckinghamshire CCG", codes)
    await platform.move_clocks(MERGED)


async def consolidation(platform: Platform) -> None:
    """Four CCGs decide on one contract in place of four; one rejects, the others decide again and commit."""
    revision = int(await planned(platform, _MEMBERS, 24_000_000))
    await platform.caught_up()
    bodies, day, later = Bodies(platform), date(2017, 6, 1), date(2017, 6, 8)
    await bodies.establish(_MEMBERS, on=day)
    asked: dict[str, Any] = {"value_pence": 120_000_000, "annual_pence": 24_000_000, "recurrent": True}
    proposal = await bodies.propose(_MEMBERS[0], PLAN, due_on=date(2017, 7, 31), **asked)
    await bodies.vote(_MEMBERS[-1], proposal["proposal"], on=day, choice="against")
    await platform.caught_up()
    await platform.move_clocks(later)
    for code in _MEMBERS[:-1]:
        await bodies.vote(code, proposal["proposal"], on=later)
    await platform.caught_up()
    await act(platform, _MEMBERS[0], PLAN, "commitment", revision + 1)
    await platform.caught_up()
    await platform.move_clocks(MERGED)
    plan = await platform.call("GET", "contracts", f"/consolidations/{PLAN}", Role.CONTRACT_LEAD)
    assert plan["state"] == "consolidated", plan["state"]


RUNS: Mapping[str, Callable[[Platform], Awaitable[None]]] = {"merger": merger, "consolidation": consolidation}
