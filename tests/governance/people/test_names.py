"""Names: who reads one, that it is recorded, and that a corrected one leaves no trace of the earlier."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from tests.support.apps import running_service
from tests.support.edge import Tokens
from tests.support.governance_harness import MERGED_ON, GovernanceHarness, a_merger

NAME, RIGHT_NAME = "Unmistakable Nayme", "Unmistakable Name"


@pytest.fixture
async def client(
    url: str, harness: GovernanceHarness, tokens: Tokens, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[httpx.AsyncClient]:
    """The service, called by a lead of 10H; 10H keeps the record of P-1, who holds a post of 10Y; no log has a name."""
    await harness.hear_of_ccgs("05C")
    await harness.person("P-1", NAME)
    await harness.person("P-2", "Another", organisation="05C")
    await harness.body("10Y")
    await harness.appoint("10Y/accountable-officer", "P-1")
    bus, lead = DirectBus({"registry": url}), lead_of(tokens, "10H")
    async with running_service("governance", tokens.settings(url), bus, lead) as (_, client):
        yield client
    assert "Unmistakable" not in "".join(capsys.readouterr())


def lead_of(tokens: Tokens, *organisations: str) -> dict[str, str]:
    return tokens.header(Role.GOVERNANCE_LEAD, subject=f"lead of {organisations}", organisations=organisations)


async def reads_of(harness: GovernanceHarness) -> list[tuple[Any, ...]]:
    rows = await harness.database.fetch(
        "SELECT person_id, reader, organisations, request_id FROM name_read ORDER BY id"
    )
    return [tuple(row) for row in rows]


async def test_the_service_gives_the_id(client: httpx.AsyncClient) -> None:
    named = {"id": "P-jane-doe", "organisation": "10H", "display_name": NAME}
    assert (await client.post("/v1/people", json=named)).status_code == 422
    made = await client.post("/v1/people", json={"organisation": "10H", "display_name": NAME})
    assert made.status_code == 201
    assert made.json()["person"].startswith("P-")
    assert "Unmistakable" not in made.text


async def test_a_record_is_kept_by_an_organisation_that_the_caller_acts_for(client: httpx.AsyncClient) -> None:
    refused = await client.post("/v1/people", json={"organisation": "10Y", "display_name": NAME})
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (403, "not-yours-to-decide")
    assert "Unmistakable" not in refused.text


@pytest.mark.parametrize("name", ["Two\nlines", "turned \u202e round", "half \ud800", " ", "x" * 201])
async def test_a_name_has_visible_characters(client: httpx.AsyncClient, name: str) -> None:
    body = {"organisation": "10H", "display_name": name}
    refused = await client.post("/v1/people", content=json.dumps(body))
    assert refused.status_code == 422, refused.text
    assert "x" * 201 not in refused.text


@pytest.mark.parametrize(
    ("organisations", "reads"),
    [(("10H",), True), (("10Y",), True), (("14Y",), False), (("05C",), False), ((), False), (("05C", "10Y"), True)],
)
async def test_a_name_is_read_by_its_keeper_and_where_the_person_holds_a_post(
    client: httpx.AsyncClient,
    harness: GovernanceHarness,
    tokens: Tokens,
    organisations: tuple[str, ...],
    reads: bool,
) -> None:
    person, headers = harness.ids["P-1"], lead_of(tokens, *organisations)
    one = await client.get(f"/v1/people/{person}", headers=headers)
    many = await client.post("/v1/people/lookups", json={"persons": [person, "P-none"]}, headers=headers)
    assert one.status_code == (200 if reads else 404)
    assert [name["display_name"] for name in many.json()["people"]] == ([NAME] if reads else [])
    expected = [person, f"lead of {organisations}", sorted(organisations)]
    assert [list(row[:3]) for row in await reads_of(harness)] == ([expected, expected] if reads else [])
    if reads:
        assert one.headers["Cache-Control"] == many.headers["Cache-Control"] == "no-store"
        assert all(row[3] for row in await reads_of(harness))


async def test_a_name_that_may_not_be_read_answers_like_one_that_does_not_exist(
    client: httpx.AsyncClient, harness: GovernanceHarness
) -> None:
    foreign = harness.ids["P-2"]
    there, missing = [await client.get(f"/v1/people/{person}") for person in (foreign, "P-none")]
    assert there.status_code == missing.status_code == 404
    assert there.json()["detail"].replace(foreign, "P-none") == missing.json()["detail"]
    correction = {"display_name": "Mine now"}
    for person in (foreign, "P-none"):
        refused = await client.put(f"/v1/people/{person}", json=correction, headers={"If-Match": '"9"'})
        assert refused.status_code == 404, refused.text
        assert refused.json()["detail"].replace(person, "P-none") == missing.json()["detail"]


async def test_a_successor_reads_the_names_of_its_predecessors_and_they_do_not_read_its_own(
    client: httpx.AsyncClient, harness: GovernanceHarness, tokens: Tokens
) -> None:
    await harness.hear(a_merger())
    await harness.person("P-3", organisation="14Y")
    await harness.appoint("14Y/accountable-officer", "P-3", MERGED_ON)
    persons = {"persons": [harness.ids["P-1"], harness.ids["P-3"]]}
    for organisation, number in (("14Y", 2), ("10H", 1), ("10Y", 1)):
        answer = await client.post("/v1/people/lookups", json=persons, headers=lead_of(tokens, organisation))
        assert len(answer.json()["people"]) == number


async def test_a_name_needs_the_role_of_a_governance_lead(
    client: httpx.AsyncClient, harness: GovernanceHarness, tokens: Tokens
) -> None:
    others = tokens.header(*(role for role in Role if role is not Role.GOVERNANCE_LEAD))
    person = harness.ids["P-1"]
    for refused in (
        await client.get(f"/v1/people/{person}", headers=others),
        await client.post("/v1/people/lookups", json={"persons": [person]}, headers=others),
        await client.put(f"/v1/people/{person}", json={"display_name": NAME}, headers={**others, "If-Match": '"1"'}),
    ):
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (403, "role-missing")
    assert await reads_of(harness) == []


async def test_names_are_looked_up_for_a_whole_list_in_one_statement(
    client: httpx.AsyncClient, harness: GovernanceHarness
) -> None:
    persons = sorted([await harness.person(f"P-{number}", f"N{number}") for number in range(200)])
    found = await client.post("/v1/people/lookups", json={"persons": persons})
    assert [one["person"] for one in found.json()["people"]] == persons
    assert len({row[3] for row in await reads_of(harness)}) == 1
    assert len(await reads_of(harness)) == 200
    too_many = await client.post("/v1/people/lookups", json={"persons": [*persons, harness.ids["P-1"]]})
    assert too_many.status_code == 422


async def test_a_correction_replaces_the_name_and_is_recorded_without_it(
    client: httpx.AsyncClient, harness: GovernanceHarness
) -> None:
    person = harness.ids["P-1"]
    read = await client.get(f"/v1/people/{person}")
    path, correction = f"/v1/people/{person}", {"display_name": RIGHT_NAME}
    assert (await client.put(path, json=correction)).status_code == 428
    corrected = await client.put(
        path, json=correction, headers={"If-Match": read.headers["ETag"], "Idempotency-Key": "1"}
    )
    assert (corrected.status_code, corrected.headers["ETag"]) == (200, '"2"')
    assert "Unmistakable" not in corrected.text
    stale = await client.put(path, json=correction, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    now = (await client.get(path)).json()
    assert now["display_name"] == RIGHT_NAME
    assert [one["corrected_by"] for one in now["corrections"]] == ["lead of ('10H',)"]
    for table in ("person", "person_correction", "act", "outbox", "write_record", "name_read", "idempotency_key"):
        rows = await harness.database.fetch(f"SELECT t::text AS row FROM {table} t")
        assert not any(NAME in row["row"] for row in rows), table


async def test_of_two_corrections_with_one_version_one_is_refused(
    client: httpx.AsyncClient, harness: GovernanceHarness
) -> None:
    path, version = f"/v1/people/{harness.ids['P-1']}", {"If-Match": '"1"'}
    names = ("One name", "Another name")
    tries = (client.put(path, json={"display_name": name}, headers=version) for name in names)
    assert sorted(answer.status_code for answer in await asyncio.gather(*tries)) == [200, 412]


async def test_a_body_in_which_the_person_holds_a_post_reads_the_name_and_does_not_correct_it(
    client: httpx.AsyncClient, harness: GovernanceHarness, tokens: Tokens
) -> None:
    headers = lead_of(tokens, "10Y") | {"If-Match": '"9"'}
    refused = await client.put(f"/v1/people/{harness.ids['P-1']}", json={"display_name": "X"}, headers=headers)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (403, "not-yours-to-decide")


async def test_no_other_answer_and_no_event_has_a_name(
    client: httpx.AsyncClient, harness: GovernanceHarness, tokens: Tokens
) -> None:
    await harness.grant("10Y", post="10Y/accountable-officer")
    held = await harness.database.fetchrow("SELECT id FROM appointment")
    assert held is not None
    for path in (
        "bodies",
        "bodies/10Y-governing-body",
        "appointments",
        f"appointments/{held['id']}",
        "vacancies",
        "decision-rights",
        "decisions/contract-award/deciders?organisation=10Y&value_pence=1",
        "acts?organisation=10Y",
        "events",
    ):
        answer = await client.get(f"/v1/{path}", headers=tokens.header(*Role))
        assert answer.status_code == 200, answer.text
        assert "Unmistakable" not in answer.text, path


async def test_appointments_are_read_as_known_and_the_name_as_it_is_now(
    client: httpx.AsyncClient, harness: GovernanceHarness
) -> None:
    path = f"/v1/people/{harness.ids['P-1']}"
    now, before = [(await client.get(f"{path}{query}")).json() for query in ("", "?as_known=2013-03-31")]
    assert (len(now["appointments"]), before["appointments"]) == (1, [])
    assert now["display_name"] == before["display_name"] == NAME


async def test_any_lead_may_appoint_a_person_whose_id_it_can_name(
    client: httpx.AsyncClient, harness: GovernanceHarness
) -> None:
    await harness.body("10H")
    appointment = {"post": "10H/accountable-officer", "first_day": "2026-04-01"}
    appointment["document"] = "Governing body, 26 March 2026, item 4"
    made = await client.post("/v1/appointments", json={**appointment, "person": harness.ids["P-2"]})
    missing = await client.post("/v1/appointments", json={**appointment, "person": "P-none"})
    assert (made.status_code, missing.status_code) == (201, 404)
