"""A step of a plan that waits for longer than its bound is a finding, and none once it moves."""

from datetime import date
from typing import Any

from libs.common.database.connection import Database
from libs.common.events.registry import OrganisationClosed
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from services.contracts.tasks.due import find_stalled
from tests.support.apps import running_service
from tests.support.contracts_harness import ContractsHarness, a_lead, at
from tests.support.edge import Tokens
from tests.support.plan_harness import BUCKS, DUDLEY, PLAN, PlanHarness


async def due(database: Database, day: date) -> int:
    async with database.begin() as session:
        return await find_stalled(session, up_to=day, stated_at=at(day), by=a_lead())


async def approved(plan: PlanHarness) -> None:
    await plan.assess("05C", CSU_DUDLEY_2017="wait")
    await plan.submit("05C")
    for member in ("05C", "10H", "10Y"):
        await plan.accept(member)


async def is_open(database: Database) -> list[tuple[Any, ...]]:
    """Step, what it is about, since when it is stalled and by when it was to be done."""
    rows = await database.fetch(
        "SELECT key, about, raised_on, due_on, parties FROM finding"
        " WHERE kind = 'stalled' AND cleared_at IS NULL ORDER BY key"
    )
    assert all(row["parties"] == ["05C", "10H", "10Y"] for row in rows)
    return [(row["key"].split(":")[1], *row["about"][1:], row["raised_on"], row["due_on"]) for row in rows]


async def test_each_step_of_a_plan_that_waits_too_long_is_found_once_and_cleared_when_it_moves(
    harness: ContractsHarness,
) -> None:
    plan, database = PlanHarness(harness), harness.database
    await plan.signed()
    await plan.plan()
    assert [await due(database, day) for day in (date(2017, 7, 27), date(2017, 7, 28), date(2017, 7, 28))] == [0, 2, 0]
    entry = (date(2017, 7, 28), date(2017, 7, 27))
    assert await is_open(database) == [("entry", "10H", *entry), ("entry", "10Y", *entry)]
    plan.today = date(2017, 8, 1)
    await plan.accept("10Y")
    assert await due(database, plan.today) == 1
    assert await due(database, date(2017, 7, 28)) == 0, "an earlier day undoes nothing"
    await plan.accept("10H", BUCKS)
    await approved(plan)
    assert await due(database, plan.today) == 1
    assert await is_open(database) == []
    assert [await due(database, date(2017, 8, 29)), await due(database, date(2017, 8, 30))] == [0, 1]
    assert await is_open(database) == [("commitment", date(2017, 8, 30), date(2017, 8, 29))]
    plan.today = date(2017, 8, 30)
    await approved(plan)  # The days of notice have passed: it is assessed anew.
    await plan.commit("10Y")
    assert await due(database, plan.today) == 1

    await harness.hear(OrganisationClosed(effective_on=date(2018, 5, 1), stated_at=at(date(2018, 5, 1)), code="05C"))
    await plan.due_up_to(date(2018, 8, 31))
    assert [await due(database, date(2018, 9, 7)), await due(database, date(2018, 9, 8))] == [0, 1]
    assert await is_open(database) == [("move", DUDLEY, date(2018, 9, 8), date(2018, 9, 7))]
    told = await harness.told("ContractFindingCleared")
    assert [(one["reason"], one["effective_on"]) for one in told if one["kind"] == "stalled"] == [
        *(("moved", "2017-08-01") for _ in range(2)),
        ("moved", "2017-08-30"),
    ]


async def test_members_read_over_http_who_has_to_do_what(harness: ContractsHarness, url: str, tokens: Tokens) -> None:
    plan = PlanHarness(harness)
    await plan.signed()
    await plan.plan()
    member = tokens.header(Role.CONTRACT_LEAD, organisations=("05C",))
    bus = DirectBus(dict.fromkeys(("registry", "governance"), url))
    async with running_service("contracts", tokens.settings(url), bus, member) as (_, client):
        operator = tokens.header(Role.OPERATOR)
        await client.put("/v1/operations/clock", json={"moved_to": "2017-08-01"}, headers=operator)
        found = (await client.get("/v1/findings", params={"kind": "stalled", "as_at": "2017-08-01"})).json()["items"]
        other = tokens.header(Role.CONTRACT_LEAD, organisations=("05Y",))
        unseen = await client.get("/v1/findings", params={"kind": "stalled"}, headers=other)
    assert [one["about"] for one in found] == [[PLAN, "10H"], [PLAN, "10Y"]]
    assert found[0]["text"] == (
        f"{PLAN}: step entry of 10H waits since 2017-06-01, longer than 56 days (plan-step-bounds-2012):"
        f" 10H by POST /consolidations/{PLAN}/members/10H/acceptance"
    )
    assert unseen.json()["items"] == []
