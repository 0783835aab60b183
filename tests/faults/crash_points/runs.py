"""What is done and killed: one merger with all that follows it, and one consolidation that a member leaves in time."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from libs.common.identity import Role
from tests.scenarios.test_a_merger_crosses_the_services import appoint, merge, open_ccgs, sign_contract
from tests.scenarios.test_bodies_decide_a_consolidation import PLAN, planned
from tests.scenarios.test_s05_a_plan_waits_or_pays import act
from tests.support.ballots import Bodies
from tests.support.platform import Platform

MERGED = date(2018, 4, 1)
_FIRST_VOTE, _SECOND_VOTE = date(2017, 6, 1), date(2017, 6, 8)
_CCGS = ["10H", "10Y"]
_MEMBERS = ("05C", "05L", "05Y", "06A")


State = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """What is made ready, which tells what it has made, and what is killed: a function of the services and of that."""

    prepare: Callable[[Platform], Awaitable[State]]
    act: Callable[[Platform, State], Awaitable[None]]


async def _two_ccgs(platform: Platform) -> State:
    await open_ccgs(platform, _CCGS)
    for code, population in zip(_CCGS, (330_000, 205_000), strict=True):
        await sign_contract(platform, f"SUPPORT-{code}", [code], 1_200_000)
        people = {"population": population, "source": "a test"}
        await platform.call("PUT", "finance", f"/organisations/{code}/populations/2018-19", json=people)
    await appoint(platform, _CCGS)
    return {}


async def merger(platform: Platform, _: State) -> None:
    """Two CCGs with a contract, an allowance and an officer each become one."""
    await merge(platform, "14Y", "NHS Buckinghamshire CCG", _CCGS)
    await platform.move_clocks(MERGED)


async def _a_plan_of_four(platform: Platform) -> State:
    revision = await planned(platform, _MEMBERS, 24_000_000)
    await platform.caught_up()
    bodies = Bodies(platform)
    await bodies.establish(_MEMBERS, on=_FIRST_VOTE)
    return {"revision": int(revision), "chairs": bodies.chairs}


async def consolidation(platform: Platform, made: State) -> None:
    """Four CCGs decide on one contract in place of four; one rejects, the others decide again and commit."""
    bodies = Bodies(platform, made["chairs"])
    asked: State = {"value_pence": 120_000_000, "annual_pence": 24_000_000, "recurrent": True}
    proposal = await bodies.propose(_MEMBERS[0], PLAN, due_on=date(2017, 7, 31), **asked)
    await bodies.vote(_MEMBERS[-1], proposal["proposal"], on=_FIRST_VOTE, choice="against")
    await platform.caught_up()
    await platform.move_clocks(_SECOND_VOTE)
    for code in _MEMBERS[:-1]:
        await bodies.vote(code, proposal["proposal"], on=_SECOND_VOTE)
    await platform.caught_up()
    await act(platform, _MEMBERS[0], PLAN, "commitment", made["revision"] + 1)
    await platform.caught_up()
    await platform.move_clocks(MERGED)
    plan = await platform.call("GET", "contracts", f"/consolidations/{PLAN}", Role.CONTRACT_LEAD)
    assert plan["state"] == "consolidated", plan["state"]


RUNS: Mapping[str, Run] = {
    "merger": Run(_two_ccgs, merger),
    "consolidation": Run(_a_plan_of_four, consolidation),
}
