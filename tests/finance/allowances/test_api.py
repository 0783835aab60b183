"""Populations over HTTP: who may state them, and how refusals look."""

from typing import Any

import httpx
import pytest

from libs.common.identity import Role
from tests.support.edge import Tokens, version_in
from tests.support.finance_client import PATH, kind, put


async def test_a_population_is_stated_corrected_and_read(client: httpx.AsyncClient) -> None:
    first = await put(client)
    assert (first.headers["ETag"], first.json()["amount"], first.json()["pack"]) == (
        '"1"',
        "£21,400,000.00",
        "rca-2013-14",
    )
    corrected = await put(client, expect=200, headers={"If-Match": '"1"'}, population=857_000)
    assert corrected.headers["ETag"] == '"2"'
    read = await client.get(PATH)
    assert (read.status_code, version_in(read)) == (200, 2)
    assert read.json() == corrected.json()
    then = await client.get(PATH, params={"as_known": first.json()["stated_at"]})
    assert then.json()["population"] == 856_000


async def test_a_correction_needs_the_version_that_was_read(client: httpx.AsyncClient) -> None:
    await put(client)
    assert kind(await put(client, expect=428, population=1)) == "precondition-missing"
    assert kind(await put(client, expect=400, population=1, headers={"If-Match": "one"})) == "unreadable-version"
    await put(client, expect=200, population=2, headers={"If-Match": '"1"'})
    assert kind(await put(client, expect=412, population=3, headers={"If-Match": '"1"'})) == "stale-version"
    elsewhere = PATH.replace("2013-14", "2014-15")
    for of_what_is_not_there in ('"1"', "*"):
        refused = await put(client, elsewhere, expect=412, headers={"If-Match": of_what_is_not_there})
        assert kind(refused) == "stale-version"
    assert (await client.get(elsewhere)).status_code == 404


async def test_to_repeat_a_statement_is_answered_as_before(client: httpx.AsyncClient) -> None:
    first = await put(client)
    again = await put(client, expect=200)
    assert (again.json(), again.headers["ETag"]) == (first.json(), '"1"')


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"population": 0}, {"population"}),
        ({"population": 100_000_001}, {"population"}),
        ({"population": 1.5}, {"population"}),
        ({"population": "856000"}, {"population"}),
        ({"population": True}, {"population"}),
        ({"population": -1, "source": ""}, {"population", "source"}),
        ({"source": "   "}, {"source"}),
        ({"source": "a\u0000b"}, {"source"}),
        ({"source": "a\u202eb"}, {"source"}),
        ({"source": "x" * 501}, {"source"}),
        ({"amount": 3}, {"amount"}),
    ],
)
async def test_what_cannot_be_meant_is_refused_field_by_field(
    client: httpx.AsyncClient, body: dict[str, Any], fields: set[str]
) -> None:
    answer = await put(client, expect=422, **body)
    assert {reason["field"] for reason in answer.json()["reasons"]} == fields


@pytest.mark.parametrize(
    ("year", "said"), [("2013-15", "2013 is followed by 14"), ("2013", "written like 2013-14"), ("1850-51", "1900")]
)
async def test_what_is_no_financial_year_is_refused_with_the_reason(
    client: httpx.AsyncClient, year: str, said: str
) -> None:
    for answer in (
        await client.get(f"/v1/allowances/06H/{year}"),
        await client.get("/v1/allowances", params={"year": year}),
        await put(client, PATH.replace("2013-14", year), expect=422),
    ):
        assert answer.status_code == 422
        assert [(reason["field"], said in reason["message"]) for reason in answer.json()["reasons"]] == [("year", True)]


async def test_every_reason_is_told_at_once(client: httpx.AsyncClient) -> None:
    answer = await put(client, PATH.replace("2013-14", "2012-13"), expect=409)
    assert kind(answer) == "no-rate-yet"
    assert [reason["message"] for reason in answer.json()["reasons"]] == [
        "2012-13: the first running-cost allowance is that of 2013-14",
        "06H opens on 2013-04-01, after 2012-13",
    ]


async def test_only_a_finance_lead_states_and_only_for_its_own(client: httpx.AsyncClient, tokens: Tokens) -> None:
    reader = tokens.header(Role.PARTNER, organisations=("06H",))
    assert kind(await put(client, expect=403, headers=reader)) == "role-missing"
    foreign = await put(client, PATH.replace("06H", "10H"), expect=403)
    assert kind(foreign) == "not-yours-to-decide"
    unknown = await put(client, PATH.replace("06H", "ZZZ"), expect=404, headers=tokens.header(Role.FINANCE_LEAD))
    assert kind(unknown) == "organisation-not-known"


async def test_only_a_loader_states_the_past(client: httpx.AsyncClient, tokens: Tokens) -> None:
    past = {"Stated-At": "2012-11-09"}
    assert kind(await put(client, expect=403, headers=past)) == "role-missing"
    loader = tokens.header(Role.FINANCE_LEAD, Role.LOADER)
    stated = await put(client, headers=loader | past)
    assert stated.json()["stated_at"] == "2012-11-09T00:00:00Z"


async def test_without_a_token_nothing_is_answered(client: httpx.AsyncClient) -> None:
    for path in (PATH, "/v1/allowances", "/v1/allowances/06H/2013-14", "/v1/rule-packs"):
        assert (await client.get(path, headers={"Authorization": ""})).status_code == 401


async def test_a_replayed_idempotency_key_gets_the_same_answer(client: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "once"}
    first = await put(client, headers=key)
    again = await put(client, headers=key)
    assert (again.json(), again.headers["ETag"]) == (first.json(), first.headers["ETag"])
