"""Contracts over HTTP: who may do and see what, and how refusals look."""

import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from tests.support.apps import running_service
from tests.support.contracts_harness import ContractsHarness, a_draft, at, bucks_merges
from tests.support.edge import Tokens

DRAFT = a_draft().model_dump(mode="json", exclude_none=True)
TERMS = {name: value for name, value in DRAFT.items() if name != "reference"}


@pytest.fixture
async def client(harness: ContractsHarness, url: str, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    """The service with Buckinghamshire's and the Black Country's CCGs heard of; its clock stands on 1 February 2017."""
    assert harness.database.url == url
    bus = DirectBus({"registry": url})
    lead = tokens.header(Role.CONTRACT_LEAD, Role.LOADER, organisations=("10H", "10Y", "14Y", "05C", "98Z", "99Z"))
    async with running_service("contracts", tokens.settings(url), bus, lead) as (_, client):
        await move_to(client, tokens, date(2017, 2, 1))
        yield client


async def move_to(client: httpx.AsyncClient, tokens: Tokens, day: date) -> None:
    moved = await client.put(
        "/v1/operations/clock", json={"moved_to": day.isoformat()}, headers=tokens.header(Role.OPERATOR)
    )
    assert moved.status_code == 200, moved.text


def tag(answer: httpx.Response) -> str:
    """The tag of an answer, without the mark of one that was compressed."""
    return answer.headers["ETag"].removeprefix("W/")


async def posted(client: httpx.AsyncClient, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    answer = await client.post(path, json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer


async def signed(client: httpx.AsyncClient, **changed: Any) -> str:
    drafted = await posted(client, "/v1/contracts", DRAFT | changed)
    reference = str(drafted.json()["reference"])
    await posted(client, f"/v1/contracts/{reference}/signature", {}, **{"If-Match": drafted.headers["ETag"]})
    return reference


async def test_a_contract_is_drafted_signed_terminated_and_read(client: httpx.AsyncClient) -> None:
    drafted = await posted(client, "/v1/contracts", DRAFT)
    assert (tag(drafted), drafted.json()["status"]) == ('"1"', "draft")
    path = f"/v1/contracts/{DRAFT['reference']}"
    assert drafted.request.url.join(drafted.headers["Location"]).path == path
    done = await posted(client, f"{path}/signature", {}, **{"If-Match": '"1"'})
    assert (tag(done), done.json()["status"], done.json()["signed_on"]) == ('"2"', "signed", "2017-02-01")
    ended = await posted(
        client, f"{path}/termination", {"last_day": "2018-03-31", "reason": "in_house"}, **{"If-Match": '"2"'}
    )
    assert tag(ended) == '"3"'
    read = (await client.get(path, params={"as_at": "2018-04-01"})).json()
    assert (read["status"], read["ends_on"], read["annual_pence"]) == ("terminated", "2018-03-31", 150_000_01)
    assert read["customers"] == [{"code": code, "name": f"NHS {code} CCG", "status": "open"} for code in ("10H", "10Y")]


async def test_a_supplier_that_the_registry_does_not_have_is_shown_as_unknown(client: httpx.AsyncClient) -> None:
    drafted = await posted(client, "/v1/contracts", DRAFT)
    assert drafted.json()["supplier"] == {"code": "0CX", "name": "", "status": "unknown"}


async def test_a_stale_etag_is_refused_and_a_missing_one_asked_for(client: httpx.AsyncClient) -> None:
    await posted(client, "/v1/contracts", DRAFT)
    path = f"/v1/contracts/{DRAFT['reference']}"
    revised = await client.put(path, json=TERMS | {"title": "Other"}, headers={"If-Match": '"1"'})
    assert (revised.status_code, tag(revised)) == (200, '"2"')
    for answer in (
        await client.put(path, json=TERMS, headers={"If-Match": '"1"'}),
        await client.post(f"{path}/signature", json={}, headers={"If-Match": '"1"'}),
        await client.post(
            f"{path}/termination", json={"last_day": "2018-03-31", "reason": "other"}, headers={"If-Match": '"1"'}
        ),
        await client.delete(path, headers={"If-Match": '"1"'}),
    ):
        assert answer.status_code == 412
        assert answer.json()["type"].endswith("/stale-version")
    assert (await client.delete(path)).status_code == 428
    assert (await client.delete(path, headers={"If-Match": '"2"'})).status_code == 204
    assert (await client.get(path)).status_code == 404


async def test_a_refusal_gives_every_reason_at_once(client: httpx.AsyncClient) -> None:
    await posted(client, "/v1/contracts", DRAFT | {"customers": ["05C", "98Z", "99Z"]})
    refused = await client.post(
        f"/v1/contracts/{DRAFT['reference']}/signature",
        json={"signed_on": "2017-02-02"},
        headers={"If-Match": '"1"'},
    )
    assert refused.status_code == 409
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert [reason["field"] for reason in refused.json()["reasons"]] == ["signed_on", "customers", "customers"]


async def test_wrong_terms_are_refused_with_every_field(client: httpx.AsyncClient) -> None:
    refused = await client.post("/v1/contracts", json=DRAFT | {"reference": "a b", "lines": [], "notice_months": -1})
    assert refused.status_code == 422
    assert {reason["field"] for reason in refused.json()["reasons"]} == {"reference", "lines", "notice_months"}


async def test_who_is_no_contract_lead_is_refused(client: httpx.AsyncClient, tokens: Tokens) -> None:
    reader = tokens.header(Role.PARTNER, Role.FINANCE_LEAD, organisations=("10H",))
    refused = await client.post("/v1/contracts", json=DRAFT, headers=reader)
    assert refused.status_code == 403
    assert refused.json()["type"].endswith("/role-missing")


async def test_a_lead_of_somebody_else_may_do_and_see_nothing(client: httpx.AsyncClient, tokens: Tokens) -> None:
    reference = await signed(client)
    foreign = tokens.header(Role.CONTRACT_LEAD, organisations=("05Y",))
    path = f"/v1/contracts/{reference}"
    answer = await client.post("/v1/contracts", json=DRAFT | {"reference": "FOREIGN-1"}, headers=foreign)
    assert (answer.status_code, answer.json()["type"].split("/")[-1]) == (403, "not-yours-to-decide")
    ended = {"last_day": "2018-03-31", "reason": "other"}
    for version in ('"2"', '"1"'):
        stale = foreign | {"If-Match": version}
        for answer in (
            await client.post(f"{path}/termination", json=ended, headers=stale),
            await client.get(path, headers=stale),
            await client.get(f"{path}/history", headers=stale),
        ):
            assert (answer.status_code, answer.json()["type"].split("/")[-1]) == (404, "contract-not-found")
    assert (await client.get("/v1/contracts", headers=foreign)).json()["items"] == []
    assert (await client.get("/v1/suppliers/0CX/customers", headers=foreign)).json()["customers"] == []


@pytest.mark.parametrize(
    ("role", "organisations"),
    [
        (Role.PARTNER, ("0CX",)),
        (Role.PARTNER, ("10Y",)),
        (Role.PARTNER, ("14Y",)),
        (Role.PARTNER, ("*",)),
    ],
)
async def test_parties_successors_and_national_bodies_see_a_contract(
    client: httpx.AsyncClient, tokens: Tokens, harness: ContractsHarness, role: Role, organisations: tuple[str, ...]
) -> None:
    reference = await signed(client, last_day="2018-03-31")
    await harness.hear(bucks_merges())
    header = tokens.header(role, organisations=organisations)
    await move_to(client, tokens, date(2018, 4, 1))
    listed = (await client.get("/v1/contracts?as_at=2017-06-01", headers=header)).json()["items"]
    assert [item["reference"] for item in listed] == [reference]
    assert (await client.get(f"/v1/contracts/{reference}/history", headers=header)).status_code == 200


async def test_without_a_token_nothing_is_shown(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/contracts", headers={"Authorization": ""})
    assert answer.status_code == 401


async def test_the_list_is_filtered_as_at_a_day_and_as_known(
    client: httpx.AsyncClient, harness: ContractsHarness
) -> None:
    bucks = await signed(client)
    dudley = await signed(client, reference="CSU-DUDLEY-2017", customers=["05C"], supplier="0DJ", last_day="2018-03-31")
    draft = (await posted(client, "/v1/contracts", DRAFT | {"reference": "DRAFT-2017"})).json()["reference"]

    async def listed(**wanted: str) -> list[str]:
        answer = await client.get("/v1/contracts", params=wanted)
        assert answer.status_code == 200, answer.text
        return [item["reference"] for item in answer.json()["items"]]

    assert await listed(status="draft") == [draft]
    await harness.hear(bucks_merges())
    assert await listed(status="active", as_at="2017-06-01") == [bucks, dudley]
    assert await listed(status="expired", as_at="2018-06-01") == [dudley]
    assert await listed(supplier="0DJ") == [dudley]
    assert await listed(customer="14Y", as_at="2018-04-01", status="active") == [bucks]
    assert await listed(customer="14Y", as_at="2018-04-01", as_known="2018-03-31", status="active") == []
    assert await listed(customer="10H", as_at="2018-04-01", status="active") == []
    assert await listed(customer="10H", as_at="2018-04-01", as_known="2018-03-31", status="active") == [bucks]
    assert await listed(function="telephony") == []
    assert await listed(function="bi", customer="05C") == [dudley]
    assert await listed(as_known="2017-01-31") == []


async def test_pages_follow_each_other_by_links(client: httpx.AsyncClient) -> None:
    made = [await signed(client, reference=f"CONTRACT-{n}") for n in range(5)]
    seen: list[str] = []
    link: str | None = "/v1/contracts?limit=2&status=signed"
    pages = 0
    while link:
        page = (await client.get(link)).json()
        seen += [item["reference"] for item in page["items"]]
        link, pages = page["next"], pages + 1
    assert (seen, pages) == (made, 3)


async def test_a_repeated_idempotency_key_signs_once(client: httpx.AsyncClient, harness: ContractsHarness) -> None:
    await posted(client, "/v1/contracts", DRAFT)
    headers = {"If-Match": '"1"', "Idempotency-Key": "sign-1"}
    path = f"/v1/contracts/{DRAFT['reference']}/signature"
    first = await client.post(path, json={}, headers=headers)
    again = await client.post(path, json={}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    rows = await harness.database.fetch("SELECT operation FROM write_record WHERE operation = 'sign_contract'")
    assert len(rows) == 1


async def test_a_loader_states_what_was_known_then(
    client: httpx.AsyncClient, harness: ContractsHarness, tokens: Tokens
) -> None:
    await harness.hear(bucks_merges())
    await move_to(client, tokens, date(2021, 4, 1))
    then = {"Stated-At": "2017-02-01"}
    await posted(client, "/v1/contracts", DRAFT, **then)
    path = f"/v1/contracts/{DRAFT['reference']}"
    await posted(client, f"{path}/signature", {"signed_on": "2017-02-01"}, **then, **{"If-Match": '"1"'})
    read = await client.get(path, params={"as_at": "2018-04-01", "as_known": "2017-02-01"})
    assert [customer["code"] for customer in read.json()["customers"]] == ["10H", "10Y"]
    now = await client.get(path, params={"as_at": "2018-04-01"})
    assert [customer["code"] for customer in now.json()["customers"]] == ["14Y"]
    history = (await client.get(f"{path}/history")).json()
    assert [change["merger"] for change in history["changes_of_hands"]] == ["M-BUCKS"]
    lead = tokens.header(Role.CONTRACT_LEAD)
    refused = await client.post("/v1/contracts", json=DRAFT | {"reference": "PAST-2017"}, headers=lead | then)
    assert refused.status_code == 403


async def test_a_consolidation_shows_its_saving(client: httpx.AsyncClient) -> None:
    replaced = [await signed(client), await signed(client, reference="CSU-DUDLEY-2017", customers=["05C"])]
    shared = TERMS | {
        "reference": "SHARED-2018",
        "replaces": replaced,
        "starts_on": "2018-04-01",
        "lines": [{"function": "payroll", "annual_pence": 100}],
    }
    del shared["customers"], shared["supplier_signs"]
    made = await posted(client, "/v1/consolidations", shared)
    assert made.json()["saving_pence"] == 2 * 150_000_01 - 100
    assert [customer["code"] for customer in made.json()["customers"]] == ["05C", "10H", "10Y"]
    read = await client.get("/v1/consolidations/SHARED-2018", params={"as_at": "2018-04-01"})
    assert read.json() == made.json()
    assert (await client.get("/v1/consolidations/NOT-THERE")).status_code == 404
    served = (await client.get("/v1/suppliers/0CX/customers", params={"as_at": "2018-04-01"})).json()
    assert [(one["customer"]["code"], one["contracts"]) for one in served["customers"]] == [
        ("05C", ["SHARED-2018"]),
        ("10H", ["SHARED-2018"]),
        ("10Y", ["SHARED-2018"]),
    ]
    assert served["annual_pence"] == 100


async def test_the_catalogue_names_its_rule_pack(client: httpx.AsyncClient) -> None:
    found = (await client.get("/v1/functions", params={"as_at": "2017-04-01"})).json()
    assert found["rule_pack"] == "support-functions-2012"
    assert {"code": "payroll", "name": "Payroll"} in found["functions"]
    assert (await client.get("/v1/functions", params={"as_at": "2011-04-01"})).status_code == 409


async def test_every_operation_says_what_it_does_and_how_it_refuses(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    own = {"Contracts", "Consolidations", "Suppliers"}
    operations = [
        operation
        for path in document["paths"].values()
        for operation in path.values()
        if own.intersection(operation.get("tags", ()))
    ]
    assert operations
    for operation in operations:
        assert operation["summary"]
        assert operation["description"]
        assert {"401", "403", "422"} <= set(operation["responses"])
    for name in ("DraftContract", "ReviseContract", "SignContract", "TerminateContract", "ConsolidateContracts"):
        assert document["components"]["schemas"][name]["examples"]


async def test_an_example_of_the_page_can_be_sent_as_it_stands(client: httpx.AsyncClient) -> None:
    schemas = (await client.get("/openapi.json")).json()["components"]["schemas"]
    drafted = await posted(client, "/v1/contracts", schemas["DraftContract"]["examples"][0])
    assert drafted.json()["notice_months"] == 6
    assert at(date.fromisoformat(drafted.json()["starts_on"])) > at(date(2017, 2, 1)) + timedelta(days=1)


@pytest.mark.parametrize("title", ["Pay\x00roll", "Pay\u202eroll", "Pay\ud800roll", "x" * 501])
async def test_words_that_cannot_be_read_or_stored_are_refused_without_echo(
    client: httpx.AsyncClient, title: str
) -> None:
    body = json.dumps(DRAFT | {"title": title})
    refused = await client.post("/v1/contracts", content=body, headers={"Content-Type": "application/json"})
    assert refused.status_code == 422, refused.text
    assert [reason["field"] for reason in refused.json()["reasons"]] == ["title"]
    assert "roll" not in refused.text
