"""Published registers: the same entries in every form, nil returns, retention, breaches without the person, digests."""

import csv
import hashlib
import io
import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any

import httpx
import pytest
import rfc8785

from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from tests.support.apps import running_service
from tests.support.edge import Tokens
from tests.support.governance_harness import GovernanceHarness

DAY = "2018-03-01"
PUBLIC = {"organisation": "10H"}


@pytest.fixture
async def client(url: str, harness: GovernanceHarness, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    """The service on 1 March 2018, called by a lead of 10H, whose body has a chair, an officer and a nurse."""
    await harness.body("10H", "Chair", "Chief nurse")
    for short, post in (("P-chair", "chair"), ("P-ao", "accountable-officer"), ("P-nurse", "chief-nurse")):
        await harness.person(short, f"Dr Vesalius {short}")
        await harness.appoint(f"10H/{post}", short)
    bus, lead = DirectBus({"registry": url}), tokens.header(Role.GOVERNANCE_LEAD, organisations=("10H",))
    async with running_service("governance", tokens.settings(url), bus, lead) as (_, client):
        await client.put("/v1/operations/clock", json={"moved_to": DAY}, headers=tokens.header(Role.OPERATOR))
        yield client


async def posted(client: httpx.AsyncClient, path: str, **body: Any) -> Any:
    answer = await client.post(f"/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def read(client: httpx.AsyncClient, register: str, **params: str) -> Any:
    answer = await client.get(f"/v1/registers/{register}", params=PUBLIC | params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def in_forms(client: httpx.AsyncClient, register: str) -> tuple[list[dict[str, str]], str]:
    """A register's rows as CSV, and its page."""
    path, params = f"/v1/registers/{register}", PUBLIC
    table = await client.get(path, params=params | {"format": "csv"})
    html = await client.get(path, params=params | {"format": "html"})
    assert table.headers["content-type"].startswith("text/csv")
    assert html.headers["content-type"].startswith("text/html")
    return list(csv.DictReader(io.StringIO(table.text))), html.text


async def test_a_register_of_interests_names_nil_returns_and_who_is_missing(
    client: httpx.AsyncClient, harness: GovernanceHarness, tokens: Tokens
) -> None:
    interest = {"organisation": "10H", "person": harness.ids["P-chair"], "type": "financial", "relation": "owns"}
    interest |= {"other": "HAVERSTOCK", "share": "1/32", "nature": "shareholder", "words": "Shares"}
    made = await posted(client, "interests", **interest, aware_on=DAY, first_day=DAY, last_day="2018-06-30")
    await posted(client, "interests/nil-returns", organisation="10H", person=harness.ids["P-nurse"])
    found = await read(client, "interests")
    [entry] = found["entries"]
    assert (entry["interest"], entry["posts"], entry["public_until"]) == (made["interest"], ["10H/chair"], "2018-12-30")
    nil = {"person": harness.ids["P-nurse"], "posts": ["10H/chief-nurse"], "returned_on": DAY}
    assert (found["nil_returns"], found["missing"]) == ([nil], [harness.ids["P-ao"]])
    assert found["digest"] == hashlib.sha256(rfc8785.dumps(found["entries"])).hexdigest()
    assert (found["published"], found["as_published"]) == (None, False)

    rows, html = await in_forms(client, "interests")
    assert [(row["other"], row["share"], row["posts"]) for row in rows] == [("HAVERSTOCK", "1/32", "10H/chair")]
    cells = [unescape(cell) for cell in re.findall(r"<td>(.*?)</td>", html)]
    assert cells == list(rows[0].values())
    assert harness.ids["P-nurse"] in html
    assert not re.search("Vesalius|Shares", html + str(found))

    published = await posted(client, "registers/interests/publications", **PUBLIC)
    assert (published["entries"], published["digest"], published["published_on"]) == (1, found["digest"], DAY)
    again = await read(client, "interests")
    assert (again["published"], again["as_published"]) == (published, True)
    partner = tokens.header(Role.PARTNER, organisations=("05C",))
    answer = await client.get("/v1/registers/interests", params=PUBLIC, headers=partner)
    assert answer.json() == again
    assert [entry["other"] for entry in (await read(client, "interests", as_at="2018-12-30"))["entries"]]
    later = await read(client, "interests", as_at="2018-12-31")
    assert (later["entries"], later["nil_returns"], later["as_published"]) == ([], [nil], False)
    nurse = interest | {"person": harness.ids["P-nurse"]}
    await posted(client, "interests", **nurse, aware_on=DAY, first_day=DAY, last_day="2018-06-30")
    assert (await read(client, "interests", as_at="2018-12-31"))["nil_returns"] == []
    # Who confirms what is declared has not returned that there is nothing.
    confirmed = await posted(client, "interests/nil-returns", organisation="10H", person=nurse["person"], confirms=True)
    assert confirmed["confirms"]
    assert (await read(client, "interests", as_at="2018-12-31"))["nil_returns"] == []
    told = await harness.database.fetch("SELECT keys, fields FROM outbox WHERE name = 'RegisterPublished'")
    logged = await harness.database.fetch("SELECT body FROM event_log WHERE body LIKE '%RegisterPublished%'")
    assert len(told) + len(logged) == 1
    assert "HAVERSTOCK" not in str([*told, *logged])


async def test_a_register_of_gifts_has_what_is_declared(
    client: httpx.AsyncClient, harness: GovernanceHarness, tokens: Tokens
) -> None:
    gift = {"organisation": "10H", "person": harness.ids["P-chair"], "kind": "hospitality", "giver_kind": "supplier"}
    gift |= {"giver": "0CX", "offered_on": DAY, "response": "accepted", "words": "Dinner"}
    await posted(client, "gifts", **gift, value_pence=24_99)
    made = await posted(client, "gifts", **gift, value_pence=25_00)
    private = {"kind": "gift", "giver_kind": "other", "giver": "P-patient", "response": "accepted_for_organisation"}
    await posted(client, "gifts", **(gift | private), value_pence=50_00)
    found = await read(client, "gifts")
    shown = [(one["value_pence"], one["giver"], one["public_until"]) for one in found["entries"]]
    assert shown == [(25_00, "0CX", "2018-09-01"), (50_00, None, "2018-09-01")]
    assert found["entries"][0]["gift"] == made["gift"]
    rows, html = await in_forms(client, "gifts")
    assert [row["value_pence"] for row in rows] == ["2500", "5000"]
    assert "Dinner" not in html
    assert (await read(client, "gifts", as_at="2018-09-02"))["entries"] == []
    moved = {"moved_to": "2018-03-09"}
    await client.put("/v1/operations/clock", json=moved, headers=tokens.header(Role.OPERATOR))
    await posted(client, "gifts", **gift, value_pence=26_00, replaces=made["gift"])
    for day, pence in ((DAY, [25_00, 50_00]), ("2018-03-08", [25_00, 50_00]), ("2018-03-09", [50_00, 26_00])):
        assert [one["value_pence"] for one in (await read(client, "gifts", as_at=day))["entries"]] == pence
    erasure = await client.post(f"/v1/people/{harness.ids['P-chair']}/erasure", headers={"If-Match": '"1"'})
    assert erasure.status_code == 409
    assert "has gifts that are not purged" in erasure.json()["detail"]


async def test_a_breach_is_published_without_the_person(
    client: httpx.AsyncClient, harness: GovernanceHarness, tokens: Tokens
) -> None:
    breach = {"organisation": "10H", "rule": "declared-late", "known_on": "2018-02-01", "found_by": "audit"}
    refused = await client.post("/v1/breaches", json=breach | {"rule": "magic", "known_on": "2018-03-02"})
    assert {one["field"] for one in refused.json()["reasons"]} == {"rule", "known_on"}
    private = {"person": harness.ids["P-chair"], "about": "IN-1", "note": "Dr Vesalius forgot"}
    made = await posted(client, "breaches", **breach, **private)
    path, stranger = f"/v1/breaches/{made['breach']}", tokens.header(Role.GOVERNANCE_LEAD, organisations=("10Y",))
    assert (made["person"], made["about"], made["concluded_on"]) == (harness.ids["P-chair"], "IN-1", None)
    assert (await client.get(path, headers=stranger)).status_code == 404
    concluding = {"consequence": "none", "lesson": "None", "concluded_on": DAY}
    assert (await client.post(f"{path}/conclusion", json=concluding, headers=stranger)).status_code == 404
    assert (await read(client, "breaches"))["entries"] == []
    lesson = {"consequence": "advice", "lesson": "The 28 days are part of every induction"}
    early = await client.post(f"{path}/conclusion", json=lesson | {"concluded_on": "2018-01-31", "consequence": "x"})
    assert {one["field"] for one in early.json()["reasons"]} == {"concluded_on", "consequence"}
    named = await client.post(f"{path}/conclusion", json=lesson | {"concluded_on": DAY, "lesson": "Dr Vesalius forgot"})
    assert named.status_code == 422
    concluded = {**lesson, "concluded_on": DAY}
    await posted(client, path.removeprefix("/v1/") + "/conclusion", **concluded)
    assert (await client.post(f"{path}/conclusion", json=concluded)).json()["type"].endswith("/concluded-already")
    assert (await client.post(f"{path}/conclusion", json=concluded, headers=stranger)).status_code == 403
    seen = (await client.get(path, headers=stranger)).json()
    assert (seen["person"], seen["about"], seen["lesson"]) == (None, None, lesson["lesson"])
    assert (await client.get(path, headers=stranger, params={"as_at": "2018-02-28"})).status_code == 404
    rows, html = await in_forms(client, "breaches")
    assert [(row["title"], row["concluded_on"]) for row in rows] == [("An interest was declared late", DAY)]
    assert harness.ids["P-chair"] not in html + str(rows)


async def test_a_register_of_procurement_decisions_says_who_took_part(
    client: httpx.AsyncClient, harness: GovernanceHarness
) -> None:
    await harness.state_terms("10H-governing-body", urgent={"roles": ["chair"]})
    await harness.grant("10H", function=None, action="contract", value_limit_pence=None)
    asked = {"organisation": "10H", "kind": "award", "action": "contract.award", "subject": "10H", "due_on": DAY}
    proposal = (await posted(client, "proposals", **asked))["proposal"]
    acting = {"body": "10H-governing-body", "proposal": proposal, "acted_on": DAY}
    await posted(client, "urgent-actions", **acting, acted_by=[harness.ids["P-chair"]])
    found = await read(client, "procurement_decisions")
    [entry] = found["entries"]
    assert (entry["took_part"], entry["recusals"]) == ([harness.ids["P-chair"]], [])
    decision = (await client.get(entry["path"])).json()
    assert (decision["decision"], decision["took_part"]) == (entry["decision"], entry["took_part"])
    rows, html = await in_forms(client, "procurement_decisions")
    assert rows[0]["took_part"] == harness.ids["P-chair"]
    assert entry["decision"] in html
    assert (await read(client, "procurement_decisions", organisation="10Y"))["entries"] == []
