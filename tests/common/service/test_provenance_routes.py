"""Provenance of one service: what something follows from, what followed from it, and what is hidden of both."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from libs.common.events import Event
from libs.common.identity import Role
from libs.common.messaging import outbox
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.provenance import MOST_CAUSES, Alias
from libs.common.process import context
from libs.common.service.app import create_service
from tests.support import sample_service
from tests.support.edge import Tokens, running, tokens
from tests.support.sample_service import BeaconLit, BeaconWhispered, url
from tests.support.waiting import until

__all__ = ["tokens", "url"]

_ELSEWHERE = "6f1f7a52-6a1c-4d0c-9c39-0d3c8a9f0a11"
_DAYS: dict[str, Any] = {"effective_on": date(2018, 4, 1), "stated_at": datetime(2018, 1, 1, tzinfo=UTC)}


@pytest.fixture
def app(url: str, tokens: Tokens) -> FastAPI:
    aliases = (Alias(re.compile("([A-Z]{3})-fire"), "code"), Alias(re.compile("([A-Z]{3})-none"), "signals"))
    return create_service(replace(sample_service.SERVICE, aliases=aliases), tokens.settings(url), DirectBus({}))


@pytest.fixture
async def client(app: FastAPI, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    async with running(app, tokens.header(Role.REGISTRAR, Role.PARTNER)) as client:
        yield client


async def tell(app: FastAPI, *events: Event, because: str, source: str = "", correlation: str = "story") -> list[str]:
    """Publish these in one transaction with this cause, and wait until they are in the log."""
    context.begin(context.Origin("lead", correlation, because, source))
    async with app.state.database.begin() as session:
        ids = await outbox.add_all(session, events)
    context.begin(context.Origin())

    async def in_the_log() -> bool:
        return not await app.state.database.fetch("SELECT FROM outbox")

    await until(in_the_log)
    return ids


def lit(code: str) -> BeaconLit:
    return BeaconLit(code=code, **_DAYS)


def whispered(code: str, *signals: str) -> BeaconWhispered:
    return BeaconWhispered(code=code, signals=signals, **_DAYS)


async def ask(client: httpx.AsyncClient, reference: str, **request: Any) -> Any:
    answer = await client.get(f"/v1/provenance/{reference}", **request)
    assert answer.status_code == 200, answer.text
    return answer.json()


def causes(answer: Any) -> list[tuple[str, str | None, str]]:
    return [(one["kind"], one["source"], one["id"]) for one in answer["because"]]


async def test_a_request_led_to_events_and_each_of_them_leads_back_to_it(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/beacons", json={"code": "AAA", "name": "a beacon"})
    request = answer.headers["X-Request-Id"]

    async def all_told() -> bool:
        return bool((await client.get("/v1/events")).json()["next"] == 2)

    await until(all_told)
    told = await ask(client, request)
    assert (told["kind"], told["source"], told["told"]) == ("request", "beacons", "light_beacon")
    assert (told["because"], told["days"], told["complete"]) == ([], None, True)
    effects = told["effects"]
    assert ([one["told"] for one in effects["items"]], effects["count"]) == (["BeaconLit", "BeaconWhispered"], 2)
    event = (await client.get(effects["items"][0]["href"])).json()
    assert (event["kind"], event["told"], event["about"], event["by"]) == ("event", "BeaconLit", ["AAA"], told["by"])
    assert causes(event) == [("request", "beacons", request)]
    assert event["because"][0]["href"] == f"/v1/provenance/{request}"
    page = await ask(client, request, params={"limit": 1})
    assert [one["told"] for one in page["effects"]["items"]] == ["BeaconLit"]
    rest = (await client.get(page["effects"]["next"])).json()["effects"]
    assert ([one["told"] for one in rest["items"]], rest["next"]) == (["BeaconWhispered"], None)


async def test_another_services_event_is_answered_by_what_followed_from_it_here(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    [here] = await tell(app, lit("AAA"), because=_ELSEWHERE, source="towers")
    heard = await ask(client, _ELSEWHERE)
    assert (heard["kind"], heard["source"], heard["told"]) == ("event", "towers", None)
    assert [one["id"] for one in heard["effects"]["items"]] == [here]
    event = await ask(client, here)
    assert causes(event) == [("event", "towers", _ELSEWHERE)]
    assert event["because"][0]["href"] == f"/towers/v1/provenance/{_ELSEWHERE}"


async def test_an_event_from_before_sources_were_published_leads_to_its_cause_in_this_log_or_to_none_that_is_named(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    [first] = await tell(app, lit("AAA"), because="request-1")
    [second, third] = [(await tell(app, lit(code), because=cause))[0] for code, cause in (("BBB", first), ("CCC", "r"))]
    async with app.state.database.connect() as connection:
        await connection.execute(
            "INSERT INTO write_record (actor, roles, organisations, operation, request_id, correlation, causation)"
            " VALUES ('lead', '{}', '{}', 'reaction beacon_spreads', 'r', 'story', 'r')"
        )
    assert causes(await ask(client, second)) == [("event", "beacons", first)]
    [unnamed] = (await ask(client, third))["because"]
    assert unnamed == {"kind": "event", "source": None, "id": "r", "href": None}


async def test_a_fact_leads_to_the_events_about_it_the_latest_first(app: FastAPI, client: httpx.AsyncClient) -> None:
    events = [(await tell(app, one, because="r"))[0] for one in (lit("AAA"), whispered("AAA"), lit("BBB"))]
    fact = await ask(client, "AAA")
    assert (fact["kind"], fact["told"], fact["about"]) == ("fact", "BeaconWhispered", ["AAA"])
    assert causes(fact) == [("event", "beacons", events[1]), ("event", "beacons", events[0])]
    assert (fact["effects"]["count"], fact["complete"]) == (0, True)
    assert (await client.get("/v1/provenance/BBB-none")).status_code == 404


async def test_what_is_hidden_is_left_out_and_the_answer_is_not_complete(
    app: FastAPI, client: httpx.AsyncClient, tokens: Tokens
) -> None:
    stranger = {"headers": tokens.header(Role.PARTNER, organisations=("ZZZ",))}
    keeper = {"headers": tokens.header(Role.PARTNER, organisations=("AAA",))}
    [secret] = await tell(app, whispered("AAA", "ZZZ"), because="request-1")
    [public] = await tell(app, lit("AAA"), because=secret, source="beacons")
    [also_secret] = await tell(app, whispered("AAA", "ZZZ"), because=public, source="beacons")
    for hidden in (secret, also_secret, "request-1"):  # `public` names the first as its cause
        assert (await client.get(f"/v1/provenance/{hidden}", headers=stranger["headers"])).status_code == 404
    seen = await ask(client, public, **stranger)
    assert (seen["because"], seen["effects"]["items"], seen["effects"]["count"]) == ([], [], 0)
    assert seen["complete"] is False
    fact = await ask(client, "AAA", **stranger)
    assert (causes(fact), fact["complete"]) == ([("event", "beacons", public)], False)
    whole = await ask(client, public, **keeper)
    assert (causes(whole), whole["complete"]) == ([("event", "beacons", secret)], True)
    assert [one["id"] for one in whole["effects"]["items"]] == [also_secret]


async def test_a_page_is_full_and_a_count_exact_where_a_reference_looks_like_the_callers_code(
    app: FastAPI, client: httpx.AsyncClient, tokens: Tokens
) -> None:
    stranger = tokens.header(Role.PARTNER, organisations=("ZZZ",))
    secrets = [whispered("AAA", "ZZZ") for _ in range(3)]
    told = await tell(app, secrets[0], lit("AAA"), *secrets[1:], lit("BBB"), lit("CCC"), because="request-2")
    page = await ask(client, "request-2", params={"limit": 2}, headers=stranger)
    rest = (await client.get(page["effects"]["next"], headers=stranger)).json()
    pages = [[one["id"] for one in each["effects"]["items"]] for each in (page, rest)]
    assert pages == [[told[1], told[4]], [told[5]]]
    assert [(each["effects"]["count"], each["complete"]) for each in (page, rest)] == [(3, False)] * 2


async def test_a_fact_of_which_the_latest_events_are_hidden_is_known_by_an_earlier_one(
    app: FastAPI, client: httpx.AsyncClient, tokens: Tokens
) -> None:
    [first] = await tell(app, lit("AAA/fire"), because="r")
    await tell(app, *(whispered("DDD", "AAA/fire") for _ in range(MOST_CAUSES + 1)), because="r")
    fact = await ask(client, "AAA%2Ffire", headers=tokens.header(Role.PARTNER, organisations=("ZZZ",)))
    assert (causes(fact), fact["complete"]) == ([("event", "beacons", first)], False)


async def test_what_followed_from_an_event_is_found_however_its_id_is_written(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    [first] = await tell(app, lit("AAA"), because="r")
    await tell(app, lit("BBB"), because=first, source="beacons")
    assert (await ask(client, first.upper()))["effects"]["count"] == 1


async def test_what_is_unknown_and_what_is_no_reference_are_refused(client: httpx.AsyncClient) -> None:
    unknown = await client.get(f"/v1/provenance/{_ELSEWHERE}")
    assert (unknown.status_code, unknown.json()["type"].rpartition("/")[2]) == (404, "provenance-not-found")
    assert (await client.get("/v1/provenance/-a")).status_code == 422
    finding = "not_put_back CONTRACT-1 10H%3E14Y,15Y 2018-04-01"
    assert (await client.get(f"/v1/provenance/{finding}")).status_code == 404, "as findings are named"
    assert (await client.get("/v1/provenance/AAA", headers={"Authorization": ""})).status_code == 401
