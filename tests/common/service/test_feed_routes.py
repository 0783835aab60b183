"""The partners' feed: in order, without gaps, only what the caller may see, and a wait that ends when it should."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.event_log import new_epoch
from libs.common.service.app import create_service, stop
from tests.support import sample_service
from tests.support.edge import Tokens, running, tokens
from tests.support.sample_service import url
from tests.support.statements import LONG_POLL, was_asked
from tests.support.waiting import until

__all__ = ["tokens", "url"]


@pytest.fixture
def app(url: str, tokens: Tokens) -> FastAPI:
    return create_service(sample_service.SERVICE, tokens.settings(url), DirectBus({}))


@pytest.fixture
async def client(app: FastAPI, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    async with running(app, tokens.header(Role.REGISTRAR, Role.PARTNER)) as client:
        yield client


async def light(client: httpx.AsyncClient, *codes: str) -> None:
    for code in codes:
        lit = await client.post("/v1/beacons", json={"code": code, "name": "a beacon"})
        assert lit.status_code == 201


async def page_after(client: httpx.AsyncClient, after: int, epoch: str) -> Any:
    return (await client.get("/v1/events", params={"after": after, "epoch": epoch, "limit": 4})).json()


async def all_told(client: httpx.AsyncClient, events: int) -> None:
    async def told() -> bool:
        return bool((await client.get("/v1/events")).json()["next"] == events)

    await until(told)


async def test_a_follower_meets_every_event_once_in_order(client: httpx.AsyncClient) -> None:
    await light(client, "AAA", "BBB", "CCC")
    await all_told(client, 6)
    after, epoch, seen = 0, "", []
    while (page := await page_after(client, after, epoch))["items"]:
        for item in page["items"]:
            assert item["previous"] == after
            after = item["event"]["position"]
            seen.append((item["event"]["type"], item["event"]["data"]["code"]))
        epoch, after = page["epoch"], page["next"]
    names = ("uk.nhs.footprint.BeaconLit.v1", "uk.nhs.footprint.BeaconWhispered.v1")
    assert seen == [(name, code) for code in ("AAA", "BBB", "CCC") for name in names]


async def test_events_for_their_parties_only_are_hidden_from_others_without_a_gap(
    client: httpx.AsyncClient, tokens: Tokens
) -> None:
    await light(client, "AAA", "BBB", "CCC")
    await all_told(client, 6)
    keeper = tokens.header(Role.PARTNER, organisations=("BBB",))
    page = (await client.get("/v1/events", headers=keeper)).json()
    assert [(item["previous"], item["event"]["position"]) for item in page["items"]] == [(0, 1), (1, 3), (3, 4), (4, 5)]
    assert page["next"] == 6
    assert (await client.get("/v1/events?after=6", headers=keeper)).json()["items"] == []


async def test_a_reference_that_looks_like_a_code_shows_its_event_to_nobody(
    client: httpx.AsyncClient, tokens: Tokens
) -> None:
    lit = {"code": "AAA", "name": "Beacon AAA", "signals": ["BBB"]}
    assert (await client.post("/v1/beacons", json=lit)).status_code == 201
    await all_told(client, 2)
    namesake = tokens.header(Role.PARTNER, organisations=("BBB",))
    page = (await client.get("/v1/events", headers=namesake)).json()
    assert [item["event"]["position"] for item in page["items"]] == [1]


async def test_a_page_of_hidden_events_does_not_end_the_reading(client: httpx.AsyncClient, tokens: Tokens) -> None:
    for code in ("AAA", "CCC"):
        lit = {"code": code, "name": f"Beacon {code}", "signals": ["BBB"]}
        assert (await client.post("/v1/beacons", json=lit)).status_code == 201
    await all_told(client, 4)
    namesake = tokens.header(Role.PARTNER, organisations=("BBB",))
    page = (await client.get("/v1/events?after=1&limit=1", headers=namesake)).json()
    assert [(item["previous"], item["event"]["position"]) for item in page["items"]] == [(1, 3)]
    assert page["next"] == 3


@pytest.mark.parametrize(
    ("asked", "positions"),
    [
        ("type=BeaconLit", [1, 3, 5]),
        ("type=uk.nhs.footprint.BeaconWhispered.v1&type=BeaconLit", [1, 2, 3, 4, 5, 6]),
        ("organisation=aaa&organisation=CCC", [1, 2, 5, 6]),
        ("type=BeaconLit&organisation=CCC", [5]),
        ("type=uk.nhs.footprint.BeaconLit.v9", []),
    ],
)
async def test_a_feed_of_some_types_and_organisations_shows_no_gap(
    client: httpx.AsyncClient, asked: str, positions: list[int]
) -> None:
    await light(client, "AAA", "BBB", "CCC")
    await all_told(client, 6)
    page = (await client.get(f"/v1/events?{asked}")).json()
    assert [item["event"]["position"] for item in page["items"]] == positions
    assert [item["previous"] for item in page["items"]] == [0, *positions][: len(positions)]
    assert page["next"] == 6


async def test_who_acts_for_a_successor_sees_what_concerns_its_predecessors(url: str, tokens: Tokens) -> None:
    async def predecessors(_: object, codes: frozenset[str]) -> frozenset[str]:
        return frozenset({"AAA"}) if "ZZZ" in codes else frozenset()

    app = create_service(sample_service.with_predecessors(predecessors), tokens.settings(url), DirectBus({}))
    async with running(app, tokens.header(Role.REGISTRAR, Role.PARTNER)) as client:
        await light(client, "AAA", "BBB")
        await all_told(client, 4)
        heir = tokens.header(Role.PARTNER, organisations=("ZZZ",))
        page = (await client.get("/v1/events", headers=heir)).json()
    assert [item["event"]["position"] for item in page["items"]] == [1, 2, 3]


async def test_the_feed_is_for_partners(client: httpx.AsyncClient, tokens: Tokens) -> None:
    assert (await client.get("/v1/events", headers=tokens.header())).status_code == 403
    assert (await client.get("/v1/events", headers=tokens.header(Role.OPERATOR))).status_code == 403


async def test_a_follower_of_another_life_of_the_log_is_told_so(app: FastAPI, client: httpx.AsyncClient) -> None:
    await light(client, "AAA")
    await all_told(client, 2)
    for wrong in ("after=3", "after=3&epoch=of-old"):
        refused = await client.get(f"/v1/events?{wrong}")
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "epoch-ended")
    before = (await client.get("/v1/events")).json()["epoch"]
    assert await new_epoch(app.state.database) != before


async def test_a_long_poll_is_woken_by_an_event(client: httpx.AsyncClient, url: str) -> None:
    waiting = asyncio.create_task(client.get("/v1/events?wait=30"))
    await until(lambda: was_asked(url, LONG_POLL))
    began = time.monotonic()
    await light(client, "AAA")
    page = (await waiting).json()
    assert page["items"][0]["event"]["data"]["code"] == "AAA"
    assert time.monotonic() - began < 5


async def test_a_long_poll_holds_no_connection(app: FastAPI, client: httpx.AsyncClient) -> None:
    waiting = [asyncio.create_task(client.get("/v1/events?wait=30")) for _ in range(50)]
    # Twice as many as there are connections, and reads go through at once all the same.
    for _ in range(20):
        assert (await client.get("/v1/beacons")).status_code == 200
    assert not any(task.done() for task in waiting)
    stop(app)
    pages = [(await task).json() for task in waiting]
    assert all(page["items"] == [] for page in pages)


async def test_a_long_poll_for_what_is_hidden_waits_its_time_and_no_more(
    client: httpx.AsyncClient, tokens: Tokens
) -> None:
    await light(client, "AAA")
    await all_told(client, 2)
    stranger = tokens.header(Role.PARTNER, organisations=("BBB",))
    page = (await client.get("/v1/events?after=1&wait=0.2", headers=stranger)).json()
    assert (page["items"], page["next"]) == ([], 2)
