"""Tariffs in two times, and a contract's lines beside them."""

from collections.abc import AsyncIterator
from fractions import Fraction
from typing import Any

import httpx
import pytest

from libs.common.events.registry import OrganisationLegalFormChanged, PopulationPublished
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from services.contracts.tariffs.rules import tariff_pence
from tests.support.apps import running_service
from tests.support.contracts_harness import ENGLAND_OPENED, ContractsHarness, at
from tests.support.edge import Tokens

BUCKS = "/v1/contracts/CSU-BUCKS-2017/tariff"


@pytest.mark.parametrize(
    ("people", "price", "pence"), [(3, "1/2", 2), (1, "1/3", 0), (2, "1/3", 1), (539_000, "27.5", 14_822_500)]
)
def test_half_a_penny_is_rounded_up(people: int, price: str, pence: int) -> None:
    assert tariff_pence(people, Fraction(price)) == pence


@pytest.fixture
async def client(harness: ContractsHarness, url: str, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    """The service in May 2017 with the signed contract of 10H and 10Y with 0CX, who acts for all three."""
    await harness.signed()
    headers = tokens.header(Role.CONTRACT_LEAD, organisations=("10H", "10Y", "0CX"))
    async with running_service("contracts", tokens.settings(url), DirectBus({"registry": url}), headers) as (_, client):
        operator = tokens.header(Role.OPERATOR)
        await client.put("/v1/operations/clock", json={"moved_to": "2017-05-01"}, headers=operator)
        yield client


async def lines(client: httpx.AsyncClient, **params: str) -> dict[str, Any]:
    answer = await client.get(BUCKS, params=params)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown | {"lines": {line["function"]: line for line in shown["lines"]}}


def counted(code: str, people: int) -> PopulationPublished:
    day = ENGLAND_OPENED
    return PopulationPublished(code=code, people=people, basis="registered", effective_on=day, stated_at=at(day))


async def test_a_line_shows_the_difference_from_the_tariff_of_its_tier(
    client: httpx.AsyncClient, harness: ContractsHarness
) -> None:
    tariff = {"publisher": "0CX", "function": "payroll", "effective_on": "2017-04-01"}
    for tier, price in (("cluster", "27.5"), ("scale", "20")):
        published = await client.post("/v1/tariffs", json=tariff | {"tier": tier, "pence_per_head": price})
        assert published.status_code == 201, published.text
    other = await client.post(
        "/v1/tariffs", json=tariff | {"publisher": "0DJ", "tier": "cluster", "pence_per_head": "1"}
    )
    assert other.status_code == 403

    shown = await lines(client, publisher="0CX")
    assert (shown["people"], shown["tier"], shown["lines"]["payroll"]["tariff_pence"]) == (None, None, None)
    await harness.hear(counted("10H", 200_001))
    assert (await lines(client))["people"] is None  # one of the two was not counted
    await harness.hear(counted("10Y", 200_000))
    late = counted("10Y", 1).model_copy(update={"stated_at": at(ENGLAND_OPENED, 1)})
    await harness.hear(late, counted("10Y", 200_000))  # an earlier word, late, and the later one again

    shown = await lines(client, publisher="0CX")
    assert (shown["people"], shown["tier"], shown["rule_pack"]) == (400_001, "cluster", "tariff-tiers-2011")
    payroll, bi = shown["lines"]["payroll"], shown["lines"]["bi"]
    assert (payroll["priced_by"], payroll["tariff_pence"]) == (None, 11_000_028)
    assert payroll["difference_pence"] == 100_000_00 - 11_000_028
    assert (bi["compared_with"], bi["tariff_pence"], bi["difference_pence"]) == ("0CX", None, None)

    refused = await client.put(f"{BUCKS}/bi", json={"publisher": "0CX"})
    assert refused.json()["type"].endswith("/tariff-unknown")
    refused = await client.put(f"{BUCKS}/legal", json={"publisher": "0CX"})
    assert refused.json()["type"].endswith("/line-unknown")
    priced = await client.put(f"{BUCKS}/payroll", json={"publisher": "0CX"})
    assert priced.status_code == 200, priced.text
    assert (await lines(client))["lines"]["payroll"]["priced_by"] == "0CX"
    assert (await lines(client, as_known="2017-04-30"))["lines"]["payroll"]["priced_by"] is None

    withdrawn = tariff | {"tier": "cluster", "pence_per_head": None, "effective_on": "2018-04-01"}
    assert (await client.post("/v1/tariffs", json=withdrawn)).status_code == 201
    listed = [
        (await client.get("/v1/tariffs", params={"as_at": day})).json()["items"] for day in ("2018-03-31", "2018-04-01")
    ]
    assert [[one["tier"] for one in items] for items in listed] == [["cluster", "scale"], ["scale"]]
    first = (await client.get("/v1/tariffs", params={"as_at": "2018-03-31", "limit": 1})).json()
    second = (await client.get(first["next"])).json()
    assert [one["tier"] for one in (*first["items"], *second["items"])] == ["cluster", "scale"]
    assert second["next"] is None
    waiting = await client.get("/v1/tasks", params={"limit": 1})
    assert waiting.json() == {"items": [], "next": None}


async def test_a_legal_form_told_twice_and_late_is_read_as_its_source_stated_it(
    client: httpx.AsyncClient, harness: ContractsHarness
) -> None:
    def formed(form: str, hour: int) -> OrganisationLegalFormChanged:
        day = ENGLAND_OPENED
        return OrganisationLegalFormChanged(code="0CX", legal_form=form, effective_on=day, stated_at=at(day, hour))

    async def holdings() -> tuple[str | None, list[str]]:
        shown = (await client.get("/v1/holdings", params={"organisation": "0CX"})).json()
        return shown["legal_form"], [one["may_hold"] for one in shown["holdings"]]

    assert await holdings() == (None, ["not found", "not found", "yes"])
    await harness.hear(formed("company_limited_by_shares", 9))
    await harness.hear(formed("charity", 8), formed("company_limited_by_shares", 9))
    assert await holdings() == ("company_limited_by_shares", ["yes", "yes", "yes"])
    assert (await client.get("/v1/holdings", params={"organisation": "0CX", "as_at": "2013-03-31"})).json()[
        "legal_form"
    ] is None
