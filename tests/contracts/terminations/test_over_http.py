"""Offers, notices and staff lists over HTTP: as at a day, stated by a loader, and of a draft."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest

from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from tests.support.apps import running_service
from tests.support.builders import a_contract
from tests.support.contracts_harness import ContractsHarness
from tests.support.edge import Tokens

BUCKS = "/v1/contracts/CSU-BUCKS-2017"


@pytest.fixture
async def client(harness: ContractsHarness, url: str, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    """The service with the signed contract of 10H and 10Y with 0CX; the caller acts for both."""
    await harness.signed()
    headers = tokens.header(Role.CONTRACT_LEAD, organisations=("10H", "10Y"))
    async with running_service("contracts", tokens.settings(url), DirectBus({"registry": url}), headers) as (_, client):
        yield client


async def move(client: httpx.AsyncClient, tokens: Tokens, day: date) -> None:
    operator = tokens.header(Role.OPERATOR)
    moved = await client.put("/v1/operations/clock", json={"moved_to": day.isoformat()}, headers=operator)
    assert moved.status_code == 200, moved.text


async def ask(client: httpx.AsyncClient, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    """Post a command about the contract on the version that stands."""
    version = (await client.get(BUCKS)).json()["version"]
    return await client.post(f"{BUCKS}{path}", json=body, headers={"If-Match": f'"{version}"', **headers})


async def listed(client: httpx.AsyncClient, as_at: str) -> list[tuple[str, str]]:
    answer = await client.get(f"{BUCKS}/terminations", params={"as_at": as_at})
    return [(one["status"], one["offered_on"]) for one in answer.json()["terminations"]]


async def test_an_offer_is_listed_from_its_day_on_as_it_stood(client: httpx.AsyncClient, tokens: Tokens) -> None:
    await move(client, tokens, date(2017, 6, 1))
    loader = tokens.header(Role.CONTRACT_LEAD, Role.LOADER, organisations=("10H", "10Y"))
    offer = {"last_day": "2018-03-31", "reason": "in_house"}
    made = await ask(client, "/terminations", offer, **loader, **{"Stated-At": "2017-05-10"})
    assert made.status_code == 201, made.text
    number = made.json()["terminations"][0]["termination"]
    accepted = await ask(client, f"/terminations/{number}/acceptance", {"document": "Letter of 1 June 2017"})
    assert accepted.status_code == 201, accepted.text
    assert await listed(client, "2017-05-09") == []
    assert await listed(client, "2017-05-31") == [("offered", "2017-05-10")]
    assert await listed(client, "2017-06-01") == [("accepted", "2017-05-10")]


async def test_an_offer_whose_day_has_passed_is_accepted_no_longer(client: httpx.AsyncClient, tokens: Tokens) -> None:
    await move(client, tokens, date(2017, 6, 1))
    made = await ask(client, "/terminations", {"last_day": "2017-09-30", "reason": "in_house"})
    number = made.json()["terminations"][0]["termination"]
    await move(client, tokens, date(2017, 10, 1))
    late = await ask(client, f"/terminations/{number}/acceptance", {"document": "Letter of 1 October 2017"})
    assert (late.status_code, late.json()["type"].rpartition("/")[2]) == (409, "exit-outside-term")
    assert late.json()["reasons"][0]["field"] == "last_day"
    assert await listed(client, "2017-10-01") == [("offered", "2017-06-01")]


async def notices(client: httpx.AsyncClient, as_at: str) -> list[str]:
    answer = await client.get(f"{BUCKS}/exits", params={"as_at": as_at})
    return [one["status"] for one in answer.json()["notices"]]


async def test_a_withdrawal_counts_from_the_day_on_which_its_source_stated_it(
    client: httpx.AsyncClient, tokens: Tokens
) -> None:
    await move(client, tokens, date(2017, 6, 1))
    served = await ask(client, "/notices", {"last_day": "2018-03-31", "reason": "in_house"})
    number = served.json()["notices"][0]["notice"]
    standing = await ask(client, "/termination", {"last_day": "2018-12-31", "reason": "in_house"})
    assert (standing.status_code, standing.json()["type"].rpartition("/")[2]) == (409, "notice-stands")
    await move(client, tokens, date(2017, 9, 1))
    loader = tokens.header(Role.CONTRACT_LEAD, Role.LOADER, organisations=("10H", "10Y"))
    letter = {"agreement": "Letter of 1 July 2017"}
    back = await ask(client, f"/notices/{number}/withdrawal", letter, **loader, **{"Stated-At": "2017-07-01"})
    assert back.status_code == 201, back.text
    assert await notices(client, "2017-06-30") == ["served"]
    assert await notices(client, "2017-07-01") == ["withdrawn"]


async def test_a_notice_is_carried_out_once_its_day_has_passed(client: httpx.AsyncClient, tokens: Tokens) -> None:
    await move(client, tokens, date(2017, 6, 1))
    await ask(client, "/notices", {"last_day": "2018-03-31", "reason": "in_house"})
    await move(client, tokens, date(2018, 4, 2))
    assert await notices(client, "2018-03-31") == ["served"]
    assert await notices(client, "2018-04-01") == ["carried_out"]


async def test_no_staff_are_stated_of_a_draft_which_can_be_deleted(client: httpx.AsyncClient, tokens: Tokens) -> None:
    await move(client, tokens, date(2017, 6, 1))
    draft = a_contract(reference="CSU-NEXT-2018", starts_on="2018-04-01", last_day="2020-03-31")
    made = await client.post("/v1/contracts", json=draft)
    assert made.status_code == 201, made.text
    match = {"If-Match": f'"{made.json()["version"]}"'}
    body = {"effective_on": "2018-04-01", "staff": [{"id": "E1", "annual_pay_pence": 4_500_000, "years": 12}]}
    stated = await client.put("/v1/contracts/CSU-NEXT-2018/staff-list", json=body, headers=match)
    assert (stated.status_code, stated.json()["type"].rpartition("/")[2]) == (409, "not-signed")
    assert (await client.delete("/v1/contracts/CSU-NEXT-2018", headers=match)).status_code == 204
