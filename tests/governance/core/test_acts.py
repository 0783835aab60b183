"""Acts: known from now, with reasons by code for everybody and words for the body's own leads."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest

from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from services.governance.core.catalogue import reason_codes, reasons_on
from tests.support.apps import running_service
from tests.support.edge import Tokens
from tests.support.governance_harness import GovernanceHarness, at

AO = "10H/accountable-officer"
TODAY, BEFORE = "2018-03-01", "2018-02-28"
MINUTE = "Governing body, 4 April 2013, item 6"
SECRET = "Because of what was agreed with Dr Secret"
RIGHT = {"organisation": "10H", "function": "contract-award", "source_minute": MINUTE}


@pytest.fixture
async def client(url: str, harness: GovernanceHarness, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    """The service on 1 March 2018, called by a lead of 10H, which has a body with a vacant post; P-1 is known."""
    await harness.person("P-1")
    await harness.body("10H")
    bus, lead = DirectBus({"registry": url}), tokens.header(Role.GOVERNANCE_LEAD, organisations=("10H",))
    async with running_service("governance", tokens.settings(url), bus, lead) as (_, client):
        clock = {"moved_to": TODAY}
        moved = await client.put("/v1/operations/clock", json=clock, headers=tokens.header(Role.OPERATOR))
        assert moved.status_code == 200, moved.text
        yield client


async def sent(client: httpx.AsyncClient, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    return await client.post(f"/v1/{path}", json=body, headers={"If-Match": '"1"', **headers})


async def acts_on(harness: GovernanceHarness, day: str, ending: str) -> list[tuple[str, dict[str, Any], str]]:
    """Every act with its first day, or for endings its last day, and the field that names the day."""
    held = await harness.appoint(AO, "P-1")
    right = await harness.grant("10H")
    post = await harness.post("10H", title="Chair")
    return [
        (f"appointments/{held}/ending", {"last_day": ending, "reason": "retired"}, "last_day"),
        (f"decision-rights/{right}/ending", {"last_day": ending, "reason": "withdrawn"}, "last_day"),
        ("posts", {"organisation": "10H", "title": "Vice chair", "first_day": day}, "first_day"),
        ("appointments", {"post": post, "person": harness.ids["P-1"], "first_day": day}, "first_day"),
    ]


async def test_an_act_of_an_earlier_day_needs_its_document(
    client: httpx.AsyncClient, harness: GovernanceHarness
) -> None:
    for path, body, field in await acts_on(harness, BEFORE, "2018-02-27"):
        refused = await sent(client, path, body)
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "document-missing"), path
        assert [reason["field"] for reason in refused.json()["reasons"]] == [field]
        shown = await sent(client, path, {**body, "document": MINUTE})
        assert shown.status_code == 201, shown.text


async def test_an_act_of_today_needs_none(client: httpx.AsyncClient, harness: GovernanceHarness) -> None:
    # Who ends yesterday is not in post from today.
    for path, body, _ in await acts_on(harness, TODAY, BEFORE):
        done = await sent(client, path, body)
        assert done.status_code == 201, done.text


async def test_a_body_of_an_earlier_day_needs_a_document(client: httpx.AsyncClient, tokens: Tokens) -> None:
    everybody = tokens.header(Role.GOVERNANCE_LEAD)
    body = {"organisation": "10Y", "first_day": BEFORE}
    assert (await sent(client, "bodies", body, **everybody)).json()["type"].endswith("/document-missing")
    assert (await sent(client, "bodies", {**body, "document": MINUTE}, **everybody)).status_code == 201


async def test_a_loader_states_what_was_done_when_its_source_did(
    client: httpx.AsyncClient, harness: GovernanceHarness, tokens: Tokens
) -> None:
    loader = tokens.header(Role.GOVERNANCE_LEAD, Role.LOADER) | {"Stated-At": "2018-02-27T12:00:00Z"}
    for path, body, _ in await acts_on(harness, BEFORE, "2018-02-20"):
        done = await sent(client, path, body, **loader)
        assert done.status_code == 201, done.text


async def test_a_minute_is_the_document_of_a_grant(client: httpx.AsyncClient) -> None:
    assert (await sent(client, "decision-rights", {**RIGHT, "first_day": BEFORE})).status_code == 201


async def test_a_term_that_is_over_is_not_reopened_without_a_document(
    client: httpx.AsyncClient, harness: GovernanceHarness
) -> None:
    held = await harness.appoint(AO, "P-1", date(2016, 1, 1), date(2017, 12, 31))
    longer = {"last_day": "2018-12-31", "reason": "term-ended"}
    refused = await sent(client, f"appointments/{held}/ending", longer)
    assert refused.json()["type"].endswith("/document-missing")
    assert "2018-01-01 lies before 2018-03-01" in refused.json()["detail"]
    assert await harness.holders("10H", as_at=date(2018, 6, 1)) == {"accountable-officer": None}


@pytest.mark.parametrize("reason", ["illness of Jane Doe", "ill", "Retired"])
async def test_a_reason_is_a_listed_code(client: httpx.AsyncClient, harness: GovernanceHarness, reason: str) -> None:
    held, right = await harness.appoint(AO, "P-1"), await harness.grant("10H")
    for path in (f"appointments/{held}/ending", f"decision-rights/{right}/ending"):
        refused = await sent(client, path, {"last_day": "2018-03-31", "reason": reason})
        assert refused.status_code in {409, 422}, refused.text
        if reason == "ill":
            assert refused.json()["type"].endswith("/reason-not-listed")
            assert "withdrawn" in refused.json()["detail"] or "resigned" in refused.json()["detail"]


async def test_events_and_open_answers_have_titles_and_the_bodys_own_leads_read_the_words(
    client: httpx.AsyncClient, harness: GovernanceHarness, tokens: Tokens
) -> None:
    held, right = await harness.appoint(AO, "P-1"), await harness.grant("10H", post=AO)
    private = {"note": SECRET, "document": SECRET}
    ended = await sent(
        client, f"appointments/{held}/ending", {"last_day": "2018-03-31", "reason": "removed", **private}
    )
    assert ended.json()["ended_because"] == "Removed by the body"
    withdrawn = {"last_day": "2018-03-31", "reason": "withdrawn", **private}
    assert (await sent(client, f"decision-rights/{right}/ending", withdrawn)).json()["ended_because"] == (
        "Withdrawn by the body"
    )
    stranger = tokens.header(*Role, organisations=("10Y",))
    for path in (
        f"appointments/{held}",
        f"decision-rights/{right}",
        "vacancies?as_at=2018-04-02",
        "bodies/10H-governing-body",
        "events?wait=5",
    ):
        answer = await client.get(f"/v1/{path}", headers=stranger)
        assert answer.status_code == 200, answer.text
        assert "Secret" not in answer.text, path
    refused = await client.get("/v1/acts?organisation=10H", headers=stranger)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (403, "not-yours-to-decide")

    own = await client.get("/v1/acts?organisation=10H")
    assert [(one["operation"], one["reason"], one["note"]) for one in own.json()["items"]] == [
        ("body established", None, None),
        ("appointment made", None, None),
        ("right granted", None, None),
        ("appointment ended", "removed", SECRET),
        ("right ended", "withdrawn", SECRET),
    ]
    assert own.headers["Cache-Control"] == "no-store"
    first = await client.get("/v1/acts?organisation=10H&limit=2")
    second = await client.get(first.json()["next"])
    assert [*first.json()["items"], *second.json()["items"]][:4] == own.json()["items"][:4]


@pytest.mark.parametrize(
    "title",
    ["Dr Jane Doe", "Chair, mrs Doe", "jane.doe@nhs.net", "Seat 7", "Ch\u202eair", "\uff23hair", "x" * 121, "-"],
)
async def test_a_title_has_letters_and_no_name_by_its_form(client: httpx.AsyncClient, title: str) -> None:
    local = {"title": title, "described_in": "Constitution 6.6", "first_day": TODAY, "organisation": "10H"}
    assert (await sent(client, "posts", local)).status_code == 422
    body = {"organisation": "10H", "first_day": TODAY}
    assert (await sent(client, "bodies", {**body, "title": title})).status_code == 422
    assert (await sent(client, "bodies", {**body, "posts": [{"title": title}]})).status_code == 422


@pytest.mark.parametrize(
    "title", ["Lay member, audit", "2nd vice chair", "GP member (north)", "Chair - Doctors' committee", "1st deputy"]
)
async def test_an_ordinary_title_is_taken(client: httpx.AsyncClient, title: str) -> None:
    local = {"title": title, "described_in": "Constitution 6.6", "first_day": TODAY, "organisation": "10H"}
    assert (await sent(client, "posts", local)).status_code == 201


@pytest.mark.parametrize("words", ["agreed with Dr Doe", "jane.doe@nhs.net", "minute \u202e 7"])
async def test_a_reference_that_everybody_reads_names_no_person_by_its_form(
    client: httpx.AsyncClient, words: str
) -> None:
    assert (
        await sent(client, "decision-rights", {**RIGHT, "first_day": TODAY, "source_minute": words})
    ).status_code == 422
    local = {"title": "Locality lead", "first_day": TODAY, "organisation": "10H", "described_in": words}
    assert (await sent(client, "posts", local)).status_code == 422


async def test_reasons_are_listed_with_the_titles_that_everybody_reads(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/v1/ending-reasons")).json()
    assert {"code": "retired", "title": "Retired"} in listed["appointments"]
    assert {"code": "withdrawn", "title": "Withdrawn by the body"} in listed["decision_rights"]
    assert (await client.get("/v1/ending-reasons?as_at=2000-01-01")).json()["appointments"] == []


@pytest.mark.parametrize(
    "query", ["appointments?person=A name", "vacancies?organisation=14-y", "bodies?organisation=%25"]
)
async def test_a_filter_is_written_as_what_it_filters_by(client: httpx.AsyncClient, query: str) -> None:
    assert (await client.get(f"/v1/{query}")).status_code == 422


def test_reasons_are_those_of_the_day() -> None:
    assert reasons_on(date(2018, 4, 1), subject="appointment-endings")["died"] == "Died in office"
    assert reasons_on(date(2007, 2, 28), subject="appointment-endings") == {}
    assert "`scheme-revised`" in reason_codes("decision-right-endings")


async def test_acts_of_one_instant_keep_their_order(harness: GovernanceHarness) -> None:
    await harness.person("P-1")
    await harness.body("10H")
    held = await harness.appoint(AO, "P-1", stated=at(date(2013, 4, 1)))
    await harness.end(held, date(2014, 3, 31), note="first")
    await harness.end(held, date(2014, 2, 28), note="second", stated=at(date(2014, 2, 28)))
    rows = await harness.database.fetch("SELECT note FROM act WHERE operation = 'appointment ended' ORDER BY id")
    assert [row["note"] for row in rows] == ["first", "second"]
