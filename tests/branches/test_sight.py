"""A planner reads in a branch no more than in life at its base, whoever is assumed there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx

from libs.common.database.connection import dsn
from libs.common.identity import Role
from tests.branches.conftest import CONTRACT
from tests.support.branching import Planning
from tests.support.builders import a_contract
from tests.support.cases import a_case
from tests.support.platform import Platform
from tests.support.waiting import until

LEADS = (Role.PLANNER, Role.CONTRACT_LEAD, Role.GOVERNANCE_LEAD)
OWN: dict[str, Any] = {"organisations": ("10H",)}
BOTH: dict[str, Any] = {"organisations": ("10H", "15A")}
TAKE_OVER = {
    "shape": "abolition",
    "predecessors": ["15A"],
    "successors": [{"code": "10H"}],
    "effective_on": "2018-03-01",
}


async def read(planner: Planning, path: str, **asked: Any) -> int:
    return (await planner.send("GET", f"/branches/sight{path}", *LEADS, **asked)).status_code


async def assume(planner: Planning, path: str, whom: str, **request: Any) -> httpx.Response:
    headers = {"Assume": whom, "If-Match": "*"}
    answer = await planner.send("POST", f"/branches/sight{path}", *LEADS, headers=headers, **OWN, **request)
    assert answer.is_success, answer.text
    return answer


async def unread(planner: Planning, **asked: Any) -> Any:
    return (await planner.call("GET", "/branches/sight", *LEADS, **asked))["unread"]


@asynccontextmanager
async def a_database(planner: Planning, service: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the one branch's database of a service."""
    [branch] = planner.branches.of(planner.everyone)
    connection = await asyncpg.connect(dsn(planner.branches.server.url_of(branch.database(service))))
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def a_read_that_waits(planner: Planning, path: str) -> AsyncIterator[asyncio.Task[httpx.Response]]:
    """A read of contracts that is let in, and waits for a lock until the end of the block."""
    async with a_database(planner, "contracts") as lock:

        async def waits() -> int:
            waiting: int = await lock.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted")
            return waiting

        await lock.execute("BEGIN; LOCK TABLE contract IN ACCESS EXCLUSIVE MODE")
        reading = asyncio.create_task(planner.send("GET", f"/branches/sight{path}", *LEADS, **OWN))
        await until(waits)
        yield reading


async def test_who_lets_their_body_take_over_another_reads_nothing_of_that_one_in_the_branch(planner: Planning) -> None:
    await planner.open("sight", "10H", **OWN)
    contract, calendar = f"/contracts/v1/contracts/{CONTRACT}", "/contracts/v1/exit-calendars/10H"
    assert (await read(planner, contract, **OWN), await read(planner, calendar, **OWN)) == (404, 200)
    assert await unread(planner, **OWN) == {}
    async with a_read_that_waits(planner, calendar) as overtaken:
        await assume(planner, "/registry/v1/reorganisations", "registrar@*", json=TAKE_OVER)
    answer = await overtaken
    assert (answer.status_code, answer.json()["detail"]) == (
        503,
        "what you read in this branch has just changed: ask again",
    )
    assert (await read(planner, contract, **OWN), await read(planner, contract, **BOTH)) == (404, 200)
    # As where the registry has undone it, and the other services have not consumed that.
    async with a_database(planner, "registry") as registry:
        await registry.execute("DELETE FROM succession WHERE code = '15A'")
    await planner.move("sight", "2018-03-02", **OWN)
    assert (await read(planner, contract, **OWN), await read(planner, contract, **BOTH)) == (404, 200)
    assert await read(planner, "/registry/v1/organisations/15A", **OWN) == 200
    assert (await unread(planner, **OWN), await unread(planner, **BOTH)) == ({"10H": ["0CX", "15A", CONTRACT]}, {})
    # Neither does a command with one's own token show it, nor a comparison say that there is nothing.
    termination = {"last_day": "2018-12-31", "reason": "in_house"}
    own = await planner.send(
        "POST", f"/branches/sight{contract}/notices", *LEADS, json=termination, headers={"If-Match": "*"}, **OWN
    )
    assert own.status_code in (403, 404), own.text
    compared = await planner.call("GET", "/comparisons", *LEADS, params={"branch": "sight"}, **OWN)
    [_, column] = compared["columns"]
    assert compared["complete"] is False
    assert column["missing"][0] == f"10H: it has 0CX, 15A, {CONTRACT} there, and not in life at the base"


async def test_what_is_others_and_passes_to_ones_body_alone_is_not_read_either(planner: Planning) -> None:
    await planner.open("sight", "10H", **OWN)
    # A contract that is made there, also by assumed callers, is read by its parties as in life.
    terms: dict[str, Any] = {
        "reference": "CSU-NEW-2018",
        "supplier": "0DJ",
        "customers": ["10H"],
        "starts_on": "2018-04-01",
        "last_day": "2020-03-31",
    }
    await assume(planner, "/contracts/v1/contracts", "contract_lead@10H", json=a_contract(**terms))
    await assume(planner, "/contracts/v1/contracts/CSU-NEW-2018/signature", "contract_lead@10H", json={})
    assert (await read(planner, "/contracts/v1/contracts/CSU-NEW-2018", **OWN), await unread(planner, **OWN)) == (
        200,
        {},
    )
    # What 15A publishes there is read by everybody in life alone.
    await assume(planner, f"/contracts/v1/contracts/{CONTRACT}/publication", "contract_lead@15A", json={})
    assert await read(planner, "/contracts/v1/ocds/releases", **OWN) == 403
    novation, into = f"/contracts/v1/contracts/{CONTRACT}/novation", "/contracts/v1/contracts/CSU-OURS-2018"
    command = {
        "into": "CSU-OURS-2018",
        "role": "customer",
        "leaving": "15A",
        "entering": "10H",
        "takes_effect_on": "2018-04-01",
    }
    await assume(planner, novation, "contract_lead@15A", json=command)
    for party in ("15A", "0CX", "10H"):
        await assume(planner, f"{novation}/consents", f"contract_lead@{party}", json={})
    assert await unread(planner, **OWN) == {}
    await assume(planner, f"{novation}/completion", "contract_lead@0CX", json={})
    assert (await read(planner, into, **OWN), await read(planner, into, **BOTH)) == (404, 200)
    assert await unread(planner, **OWN) == {"10H": ["0CX", CONTRACT]}
    # Neither does a new customer read what its supplier costs, where that has stated it to others.
    terms |= {"reference": "CSU-COSTS-2018", "supplier": "0CX", "customers": ["10Y"], "starts_on": "2018-03-01"}
    await assume(planner, "/contracts/v1/contracts", "contract_lead@10Y", json=a_contract(**terms))
    signing = "/branches/sight/contracts/v1/contracts/CSU-COSTS-2018/signature"
    two: dict[str, Any] = {"organisations": ("10H", "10Y")}
    signed = await planner.send("POST", signing, *LEADS, json={}, headers={"If-Match": "*"}, **two)
    assert (signed.status_code, signed.content) == (201, b""), signed.text
    for asked, costs in ((two, False), ({"organisations": ("10H", "10Y", "15A")}, True)):
        shown = await planner.call("GET", "/branches/sight/contracts/v1/suppliers/0CX", *LEADS, **asked)
        assert (shown["costs"] is not None) is costs
    assert await unread(planner, **two) == {"10H": ["0CX", CONTRACT], "10Y": ["0CX"]}


async def test_a_draft_of_others_that_the_base_has_is_not_read_once_it_is_awarded_or_published(
    life: Platform, planner: Planning
) -> None:
    lead: dict[str, Any] = {"organisations": ("15A",)}
    terms: dict[str, Any] = {"reference": "CSU-DRAFT-2018", "supplier": "0DJ", "customers": ["10H", "15A"]}
    terms |= {"starts_on": "2018-04-01", "last_day": "2020-03-31"}
    await life.call("POST", "contracts", "/contracts", Role.CONTRACT_LEAD, json=a_contract(**terms), **lead)
    case = {"case": "DRAFTED-1", "organisation": "15A", "content": a_case(organisations=["10H"])}
    await life.call("POST", "finance", "/cases", Role.FINANCE_LEAD, json=case, **lead)
    await planner.open("sight", "10H", **OWN)
    drafted, version = "/contracts/v1/contracts/CSU-DRAFT-2018", "/finance/v1/cases/DRAFTED-1/versions/1"
    assert (await read(planner, drafted, **OWN), await read(planner, version, **OWN)) == (404, 404)
    await assume(planner, f"{drafted}/award", "contract_lead@15A", json={})
    assert (await read(planner, drafted, **OWN), await read(planner, drafted, **BOTH)) == (404, 200)
    assert await unread(planner, **OWN) == {"10H": ["CSU-DRAFT-2018"]}
    await assume(planner, f"{version}/publication", "finance_lead@15A", json={})
    assert (await read(planner, version, **OWN), await read(planner, version, **BOTH)) == (404, 200)
    assert (await unread(planner, **OWN), await unread(planner, **BOTH)) == (
        {"10H": ["CSU-DRAFT-2018", "DRAFTED-1"]},
        {},
    )
