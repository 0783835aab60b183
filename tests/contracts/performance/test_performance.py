"""Obligations, milestones, measures with their credits, and documents, over HTTP."""

import hashlib
from collections.abc import AsyncIterator
from datetime import date
from fractions import Fraction
from typing import Any

import httpx
import pytest

from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from services.contracts.performance.documents import MOST_BYTES
from services.contracts.performance.rules import attention_from, credits_due, is_reached
from tests.support.apps import running_service
from tests.support.contracts_harness import ContractsHarness
from tests.support.edge import Tokens

BUCKS = "/v1/contracts/CSU-BUCKS-2017"
PAYSLIPS = {
    "title": "Payslips without an error",
    "unit": "%",
    "target": "99.5",
    "better": "higher",
    "credit_pence": 100_001,
    "effective_on": "2017-04-01",
}


@pytest.mark.parametrize(
    ("reached", "better", "expected"),
    [("199/2", "higher", True), ("99.4", "higher", False), ("99.6", "lower", False), ("99.5", "lower", True)],
)
def test_a_target_is_reached_exactly(reached: str, better: str, expected: bool) -> None:
    assert is_reached(Fraction(reached), Fraction("99.5"), better) is expected


def test_a_credit_is_divided_by_shares_and_corrected_when_they_change() -> None:
    day, period = date(2017, 6, 1), "C/credit/m/2017-04-01"
    due = credits_due(period, {"10H": 50_001, "10Y": 50_000}, [], supplier="0CX", due_on=day)
    assert [(one.item, one.payer, one.payee, one.amount_pence) for one in due] == [
        (f"{period}/10H", "0CX", "10H", 50_001),
        (f"{period}/10Y", "0CX", "10Y", 50_000),
    ]
    assert credits_due(period, {"10H": 50_001, "10Y": 50_000}, due, supplier="0CX", due_on=day) == []
    new = credits_due(period, {"10H": 100_001}, due, supplier="0CX", due_on=day)
    assert [(one.payer, one.payee, one.amount_pence, one.corrects) for one in new] == [
        ("0CX", "10H", 50_000, f"{period}/10H"),
        ("10Y", "0CX", 50_000, f"{period}/10Y"),
    ]
    others = credits_due("C/credit/m/2017-05-01", {"10H": 0, "10Y": 7}, due, supplier="0CX", due_on=day)
    assert [(one.payee, one.amount_pence, one.corrects) for one in others] == [("10Y", 7, "")]


def test_attention_begins_by_the_pack() -> None:
    assert attention_from("obligation", date(2017, 6, 29)) == date(2017, 6, 1)
    assert attention_from("milestone", date(2017, 6, 30)) == date(2017, 7, 1)


@pytest.fixture
async def client(harness: ContractsHarness, url: str, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    """The service with the signed contract of 10H and 10Y with 0CX; the caller acts for both."""
    await harness.signed()
    headers = tokens.header(Role.CONTRACT_LEAD, organisations=("10H", "10Y"))
    async with running_service("contracts", tokens.settings(url), DirectBus({"registry": url}), headers) as (_, client):
        yield client


async def move(client: httpx.AsyncClient, tokens: Tokens, day: str) -> None:
    operator = tokens.header(Role.OPERATOR)
    moved = await client.put("/v1/operations/clock", json={"moved_to": day}, headers=operator)
    assert moved.status_code == 200, moved.text


async def call(client: httpx.AsyncClient, method: str, path: str, *, expect: int = 0, **request: Any) -> Any:
    answer = await client.request(method, f"{BUCKS}{path}", **request)
    assert answer.status_code == expect if expect else answer.is_success, answer.text
    return answer.json()


async def fell_due(harness: ContractsHarness) -> list[tuple[str, str, int, bool]]:
    """What fell due: payer, payee, pence, and whether it is a correction."""
    rows = await harness.database.fetch("SELECT * FROM due_payment ORDER BY stated_at, item")
    return [(row["payer"], row["payee"], row["amount_pence"], row["corrects"] != "") for row in rows]


async def findings(client: httpx.AsyncClient) -> dict[str, list[str]]:
    found = (await client.get("/v1/findings")).json()["items"]
    return {kind: [one["text"] for one in found if one["kind"] == kind] for kind in {one["kind"] for one in found}}


async def test_what_is_due_becomes_a_finding_once_and_is_cleared(client: httpx.AsyncClient, tokens: Tokens) -> None:
    await move(client, tokens, "2017-05-01")
    report = {"title": "Annual report", "owed_by": "0CX", "due_on": "2017-06-29"}
    stated = await call(client, "PUT", "/obligations/annual-report", json=report)
    assert [(one["code"], one["state"]) for one in stated["items"]] == [("annual-report", "due")]
    go_live = {"title": "Live", "owed_by": "0CX", "due_on": "2017-06-10"}
    await call(client, "PUT", "/milestones/go-live", json=go_live)
    refused = await call(client, "PUT", "/milestones/go-live", expect=409, json=go_live | {"owed_by": "05C"})
    assert refused["type"].endswith("/not-a-party")
    await move(client, tokens, "2017-05-31")
    assert await findings(client) == {}
    await move(client, tokens, "2017-06-11")
    await move(client, tokens, "2017-06-12")
    assert {kind: len(texts) for kind, texts in (await findings(client)).items()} == {
        "obligation_due": 1,
        "milestone_missed": 1,
    }
    refused = await call(client, "POST", "/obligations/none/fulfilment", expect=404, json={})
    assert refused["type"].endswith("/duty-not-found")
    early = {"fulfilled_on": "2017-06-01"}
    refused = await call(client, "POST", "/obligations/annual-report/fulfilment", expect=409, json=early)
    assert refused["type"].endswith("/document-missing")
    paper = early | {"document": "Report of 1 June 2017"}
    fulfilled = await call(client, "POST", "/obligations/annual-report/fulfilment", json=paper)
    assert fulfilled["items"][0]["state"] == "fulfilled"
    assert set(await findings(client)) == {"milestone_missed"}
    await call(client, "POST", "/milestones/go-live/fulfilment", json={})
    assert await findings(client) == {}
    # As known before, it was due; as at a day before it was fulfilled too.
    known = await call(client, "GET", "/obligations", params={"as_at": "2017-06-30", "as_known": "2017-06-01"})
    assert [one["state"] for one in known["items"]] == ["overdue"]
    before = await call(client, "GET", "/obligations", params={"as_at": "2017-05-31"})
    assert [one["state"] for one in before["items"]] == ["due"]


async def test_a_missed_target_makes_a_credit_due_once_and_a_restated_result_corrects_it(
    client: httpx.AsyncClient, harness: ContractsHarness, tokens: Tokens
) -> None:
    await move(client, tokens, "2017-06-01")
    result = {"period_from": "2017-04-01", "period_to": "2017-04-30", "reached": "98.5"}
    refused = await call(client, "POST", "/measures/payslips/results", expect=404, json=result)
    assert refused["type"].endswith("/measure-not-found")
    await call(client, "PUT", "/measures/payslips", json=PAYSLIPS)
    refused = await call(
        client, "POST", "/measures/payslips/results", expect=409, json=result | {"period_to": "2017-06-30"}
    )
    assert refused["type"].endswith("/signed-in-the-future")
    for _ in range(2):
        shown = await call(client, "POST", "/measures/payslips/results", json=result)
    [month] = shown["items"][0]["results"]
    assert (month["reached"], month["is_reached"], month["credit_pence"]) == ("197/2", False, 100_001)
    assert len((await findings(client))["measure_missed"]) == 1
    assert await fell_due(harness) == [("0CX", "10H", 50_001, False), ("0CX", "10Y", 50_000, False)]
    shown = await call(client, "POST", "/measures/payslips/results", json=result | {"reached": "99.5"})
    assert shown["items"][0]["results"][0]["credit_pence"] == 0
    part = result | {"period_from": "2017-04-15", "period_to": "2017-05-14"}
    refused = await call(client, "POST", "/measures/payslips/results", expect=409, json=part)
    assert (refused["type"].rpartition("/")[2], refused["reasons"][0]["field"]) == ("period-overlaps", "period_from")
    back = [("10H", "0CX", 50_001, True), ("10Y", "0CX", 50_000, True)]
    assert (await fell_due(harness))[2:] == back
    assert await findings(client) == {}
    known = await call(client, "GET", "/measures", params={"as_known": "2017-05-31"})
    assert known["items"] == []


async def test_a_restated_measure_and_what_a_loader_adds_of_the_past_leave_the_credits_as_they_are_shown(
    client: httpx.AsyncClient, harness: ContractsHarness, tokens: Tokens
) -> None:
    await move(client, tokens, "2017-06-01")
    result = {"period_from": "2017-04-01", "period_to": "2017-04-30", "reached": "98.5"}
    await call(client, "PUT", "/measures/payslips", json=PAYSLIPS)
    await call(client, "POST", "/measures/payslips/results", json=result)
    shown = await call(client, "PUT", "/measures/payslips", json=PAYSLIPS | {"credit_pence": 100_005})
    assert shown["items"][0]["results"][0]["credit_pence"] == 100_005
    more = [("0CX", "10H", 2, True), ("0CX", "10Y", 2, True)]
    assert (await fell_due(harness))[2:] == more
    await move(client, tokens, "2017-07-01")
    loader = tokens.header(Role.CONTRACT_LEAD, Role.LOADER, organisations=("10H", "10Y"))
    early = loader | {"Stated-At": "2017-05-02"}
    await call(client, "PUT", "/measures/payslips", json=PAYSLIPS | {"credit_pence": 1}, headers=early)
    await call(client, "POST", "/measures/payslips/results", json=result | {"reached": "99.5"}, headers=early)
    assert (await fell_due(harness))[2:] == more
    assert len((await findings(client))["measure_missed"]) == 1


async def test_a_document_is_checked_and_served_to_the_parties_alone(client: httpx.AsyncClient, tokens: Tokens) -> None:
    await move(client, tokens, "2017-06-01")
    content = b"%PDF-1.7 deed" * 100_000  # 1.3 MB: more than any other body may have
    digest = hashlib.sha256(content).hexdigest()
    asked = {"name": "deed.pdf", "media_type": "application/pdf", "sha256": digest}
    for _ in range(2):
        shown = await call(client, "POST", "/documents", params=asked, content=content)
    assert [(one["name"], one["size"]) for one in shown["items"]] == [("deed.pdf", len(content))]
    refused = await call(client, "POST", "/documents", expect=409, params=asked, content=content[1:])
    assert refused["type"].endswith("/digest-differs")
    too_large = {"Content-Length": str(MOST_BYTES + 1)}
    refused = await call(client, "POST", "/documents", expect=413, params=asked, content=b"x", headers=too_large)
    assert refused["type"].endswith("/request-entity-too-large")
    for codes, status in ((("10H",), 200), (("0CX",), 200), (("05C",), 404)):
        reader = tokens.header(Role.CONTRACT_LEAD, organisations=codes)
        served = await client.get(f"{BUCKS}/documents/{digest}", headers=reader)
        assert served.status_code == status
        if status == 200:
            assert served.content == content
            assert served.headers["Content-Type"] == "application/pdf"
            assert served.headers["Content-Disposition"] == 'attachment; filename="deed.pdf"'
    missing = await call(client, "GET", f"/documents/{'0' * 64}", expect=404)
    assert missing["type"].endswith("/document-not-found")
