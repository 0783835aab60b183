"""Governance over HTTP: who may do what, how refusals look, and what is read."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from services.governance.app import SERVICE
from services.governance.appointments import commands as appointments
from services.governance.bodies import closure, deputies, posts, terms
from services.governance.bodies import commands as bodies
from services.governance.decision_rights import commands as decision_rights
from services.governance.people import commands as people
from tests.support.apps import running_service
from tests.support.edge import Tokens, version_in
from tests.support.governance_harness import MERGED_ON, GovernanceHarness, a_merger

AO = "10H/accountable-officer"
OPENED = "2013-04-01"
MINUTE = "Governing body, 4 April 2013, item 6"
RIGHT = {
    "organisation": "10H",
    "post": AO,
    "function": "contract-award",
    "value_limit_pence": 50_000_00,
    "first_day": OPENED,
    "source_minute": MINUTE,
}


@pytest.fixture
async def client(url: str, harness: GovernanceHarness, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    """The service with two CCGs heard of, on 1 March 2018, called by a lead of 10H; 10H has a body, P-1 is known."""
    await harness.person("P-1", "Accountable officer, Chiltern")
    await harness.body("10H")
    bus, lead = DirectBus({"registry": url}), tokens.header(Role.GOVERNANCE_LEAD, organisations=("10H",))
    async with running_service("governance", tokens.settings(url), bus, lead) as (_, client):
        moved = await client.put(
            "/v1/operations/clock", json={"moved_to": "2018-03-01"}, headers=tokens.header(Role.OPERATOR)
        )
        assert moved.status_code == 200, moved.text
        yield client


@pytest.fixture
def appointment(harness: GovernanceHarness) -> dict[str, Any]:
    """A request that appoints P-1."""
    return {"post": AO, "person": harness.ids["P-1"], "first_day": OPENED, "document": MINUTE}


async def posted(client: httpx.AsyncClient, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    answer = await client.post(f"/v1/{path}", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer


async def read(client: httpx.AsyncClient, path: str, **params: Any) -> Any:
    answer = await client.get(f"/v1/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_body_its_post_and_their_holder_are_set_up_and_read(
    client: httpx.AsyncClient, harness: GovernanceHarness
) -> None:
    await harness.hear_of_ccgs("05C")
    recorded = await posted(client, "people", {"organisation": "10H", "display_name": "Chair, Chiltern"})
    person = recorded.json()["person"]
    assert recorded.json() == {"person": person, "organisation": "10H", "version": 1}
    chair = {"organisation": "10H", "title": "chair", "first_day": OPENED, "document": MINUTE}
    post = await posted(client, "posts", chair)
    assert (post.json()["post"], post.json()["title"], post.json()["vacant"]) == ("10H/chair", "Chair", True)
    held = {"post": "10H/chair", "person": person, "first_day": "2014-01-01", "document": MINUTE}
    made = await posted(client, "appointments", held)
    assert made.headers["ETag"] == '"1"'
    body = await read(client, "bodies/10H-governing-body", as_at="2014-01-01")
    assert [(one["title"], one["person"]) for one in body["posts"]] == [
        ("Accountable officer", None),
        ("Chair", person),
    ]
    named = await read(client, f"people/{person}")
    assert named["display_name"] == "Chair, Chiltern"
    assert [one["appointment"] for one in named["appointments"]] == [made.json()["appointment"]]
    bodies = await read(client, "bodies", organisation="10H", as_at="2014-01-01")
    assert [(one["body"], one["pack"]) for one in bodies["items"]] == [
        ("10H-governing-body", "governing-body-posts-2013")
    ]


async def test_a_body_is_established_with_local_posts(client: httpx.AsyncClient, tokens: Tokens) -> None:
    everybody = tokens.header(Role.GOVERNANCE_LEAD)
    local = {"title": "Locality lead", "described_in": "Constitution, 6.6.2"}
    given = {"organisation": "10Y", "first_day": OPENED, "posts": [local, {"title": "Chair"}], "document": MINUTE}
    made = (await posted(client, "bodies", given, **everybody)).json()
    assert (made["body"], made["stands"]) == ("10Y-governing-body", True)
    assert [one["title"] for one in made["posts"]] == ["Accountable officer", "Chair", "Locality lead"]


async def test_an_appointment_is_ended_with_the_version_that_was_read(
    client: httpx.AsyncClient, appointment: dict[str, Any]
) -> None:
    made = (await posted(client, "appointments", appointment)).json()
    path = f"appointments/{made['appointment']}"
    answer = await client.get(f"/v1/{path}")
    assert (answer.json(), version_in(answer)) == (made, 1)
    ending = {"last_day": "2018-03-31", "reason": "retired"}
    assert (await client.post(f"/v1/{path}/ending", json=ending)).status_code == 428
    ended = await posted(client, f"{path}/ending", ending, **{"If-Match": '"1"'})
    assert (ended.headers["ETag"], ended.json()["last_day"], ended.json()["ended_because"]) == (
        '"2"',
        "2018-03-31",
        "Retired",
    )
    stale = await client.post(f"/v1/{path}/ending", json=ending, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["type"].rpartition("/")[2]) == (412, "stale-version")


@pytest.mark.parametrize("named", ['W/"1"', "*", '"7", "1"', "as read", "as read through a proxy"])
async def test_the_version_is_named_in_any_form_that_http_has(
    client: httpx.AsyncClient, appointment: dict[str, Any], named: str
) -> None:
    path = f"appointments/{(await posted(client, 'appointments', appointment)).json()['appointment']}"
    read = (await client.get(f"/v1/{path}")).headers["ETag"]
    given = {"as read": read, "as read through a proxy": f"W/{read}"}.get(named, named)
    ending = {"last_day": "2018-03-31", "reason": "retired"}
    ended = await posted(client, f"{path}/ending", ending, **{"If-Match": given})
    assert ended.headers["ETag"] == '"2"'


async def test_the_version_changes_when_a_merger_ends_an_appointment(
    client: httpx.AsyncClient, appointment: dict[str, Any], harness: GovernanceHarness
) -> None:
    made = (await posted(client, "appointments", appointment)).json()
    await harness.hear(a_merger())
    answer = await client.get(f"/v1/appointments/{made['appointment']}")
    assert (version_in(answer), answer.json()["last_day"]) == (2, "2018-03-31")


async def test_vacancies_are_listed_with_their_reason(
    client: httpx.AsyncClient, appointment: dict[str, Any], harness: GovernanceHarness
) -> None:
    await posted(client, "appointments", appointment)
    await harness.hear(a_merger())
    [vacancy] = (await read(client, "vacancies", organisation="14Y", as_at="2018-04-01"))["items"]
    assert (vacancy["post"], vacancy["vacant_since"]) == ("14Y/accountable-officer", "2018-04-01")
    assert vacancy["vacant_because"] == "no person held it in every predecessor (10H: held; 10Y: no body known)"
    same = await read(client, "appointments", organisation="14Y", vacant=True, as_at="2018-04-01")
    assert same["items"] == [vacancy]


async def test_lists_come_in_pages(client: httpx.AsyncClient) -> None:
    for title in ("Chair", "Vice chair", "Chief nurse"):
        await posted(client, "posts", {"organisation": "10H", "title": title, "first_day": OPENED, "document": MINUTE})
    seen: list[str] = []
    answer = await read(client, "vacancies", as_at=OPENED, limit=3)
    while True:
        seen += [item["post"] for item in answer["items"]]
        if answer["next"] is None:
            break
        answer = (await client.get(answer["next"])).json()
    assert seen == [AO, "10H/chair", "10H/chief-nurse", "10H/vice-chair"]


async def test_who_was_accountable_on_a_day_as_it_was_known(
    client: httpx.AsyncClient, appointment: dict[str, Any], tokens: Tokens
) -> None:
    loader = tokens.header(Role.GOVERNANCE_LEAD, Role.LOADER)
    await posted(client, "appointments", appointment, **loader, **{"Stated-At": "2014-05-01"})
    asked = {"organisation": "10H", "post": "accountable-officer", "as_at": "2014-04-01"}
    [holder] = (await read(client, "appointments", **asked))["items"]
    assert (holder["person"], holder["version"]) == (appointment["person"], 1)
    assert (await read(client, "appointments", **asked, as_known="2014-04-30"))["items"] == []


async def test_who_may_decide_what(client: httpx.AsyncClient, appointment: dict[str, Any]) -> None:
    right = await posted(client, "decision-rights", RIGHT)
    asked = {"organisation": "10H", "value_pence": 50_000_00, "as_at": "2014-01-01"}
    found = await read(client, "decisions/contract-award/deciders", **asked)
    assert (found["anybody_may"], found["pack"]) == (False, "decision-rights-local")
    await posted(client, "appointments", appointment)
    found = await read(client, "decisions/contract-award/deciders", **asked)
    [decider] = found["deciders"]
    assert (decider["may_decide"], decider["person"]) == (True, appointment["person"])
    assert decider["source_minute"] == RIGHT["source_minute"]

    passed_on = {**RIGHT, "delegated_from": right.json()["decision_right"], "value_limit_pence": 1}
    await posted(client, "decision-rights", {**passed_on, "conditions": ["reported"]})
    found = await read(client, "actions/contract.award.payroll/deciders", **{**asked, "value_pence": 1})
    assert [(one["conditions"], one["may_decide"]) for one in found["deciders"]] == [([], True), (["reported"], True)]

    path = f"decision-rights/{right.json()['decision_right']}"
    ending = {"last_day": "2013-12-31", "reason": "scheme-revised", "document": MINUTE}
    stale = await client.post(f"/v1/{path}/ending", json=ending, headers={"If-Match": '"7"'})
    assert stale.status_code == 412
    ended = await posted(client, f"{path}/ending", ending, **{"If-Match": right.headers["ETag"]})
    assert (ended.json()["last_day"], ended.headers["ETag"]) == ("2013-12-31", '"2"')
    assert version_in(await client.get(f"/v1/{path}")) == 2
    assert (await read(client, "decisions/contract-award/deciders", **asked))["deciders"] == []
    assert (await read(client, "decision-rights", organisation="10H", as_at="2013-12-31"))["items"][:1] == [
        ended.json()
    ]


async def test_rights_to_be_made_again_are_listed_for_the_successor(
    client: httpx.AsyncClient, harness: GovernanceHarness
) -> None:
    right = (await posted(client, "decision-rights", RIGHT)).json()
    await harness.hear(a_merger())
    asked = {"organisation": "14Y", "to_be_remade": True, "as_at": "2018-04-01"}
    [waiting] = (await read(client, "decision-rights", **asked))["items"]
    assert (waiting["decision_right"], waiting["to_remake_for"]) == (right["decision_right"], "14Y")
    assert waiting["ended_because"] == "10H, 10Y merged into 14Y"


COMMANDS: list[tuple[str, dict[str, Any]]] = [
    ("people", {"organisation": "10H", "display_name": "Chair"}),
    ("bodies", {"organisation": "10Y", "first_day": OPENED, "document": MINUTE}),
    ("posts", {"organisation": "10H", "title": "Chair", "first_day": OPENED, "document": MINUTE}),
    ("appointments", {}),  # the fixture `appointment`
    ("decision-rights", RIGHT),
]


@pytest.mark.parametrize(("path", "body"), COMMANDS, ids=[path for path, _ in COMMANDS])
async def test_a_command_needs_the_role_of_a_governance_lead(
    client: httpx.AsyncClient, appointment: dict[str, Any], tokens: Tokens, path: str, body: dict[str, Any]
) -> None:
    body = body or appointment
    others = tuple(role for role in Role if role is not Role.GOVERNANCE_LEAD)
    refused = await client.post(f"/v1/{path}", json=body, headers=tokens.header(*others))
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (403, "role-missing")
    await posted(client, path, body, **tokens.header(Role.GOVERNANCE_LEAD))


@pytest.mark.parametrize(("path", "body"), COMMANDS, ids=[path for path, _ in COMMANDS])
async def test_nobody_decides_for_a_foreign_organisation(
    client: httpx.AsyncClient, appointment: dict[str, Any], tokens: Tokens, path: str, body: dict[str, Any]
) -> None:
    body = body or appointment
    foreign = tokens.header(Role.GOVERNANCE_LEAD, organisations=("05C",))
    refused = await client.post(f"/v1/{path}", json=body, headers=foreign)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (403, "not-yours-to-decide")


async def test_nobody_ends_what_is_foreign_whatever_the_version(
    client: httpx.AsyncClient, appointment: dict[str, Any], tokens: Tokens
) -> None:
    made = (await posted(client, "appointments", appointment)).json()
    right = (await posted(client, "decision-rights", RIGHT)).json()
    foreign = tokens.header(Role.GOVERNANCE_LEAD, organisations=("05C",)) | {"If-Match": '"9"'}
    ending = {"last_day": "2018-03-31", "reason": "retired"}
    for path in (f"appointments/{made['appointment']}", f"decision-rights/{right['decision_right']}"):
        assert (await client.post(f"/v1/{path}/ending", json=ending, headers=foreign)).status_code == 403


async def test_a_refusal_gives_every_reason_at_once(
    client: httpx.AsyncClient, appointment: dict[str, Any], harness: GovernanceHarness
) -> None:
    await posted(client, "appointments", appointment)
    await harness.hear(a_merger())
    late = appointment | {"first_day": "2018-03-01", "last_day": MERGED_ON.isoformat()}
    refused = await client.post("/v1/appointments", json=late)
    assert refused.status_code == 409
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert [reason["field"] for reason in refused.json()["reasons"]] == ["last_day", "first_day", "post"]


async def test_a_malformed_request_is_refused_with_every_field(
    client: httpx.AsyncClient, appointment: dict[str, Any]
) -> None:
    wrong = {"post": "", "person": "Somebody by name", "first_day": "soon", "lastday": "2018-03-31"}
    refused = await client.post("/v1/appointments", json=wrong)
    assert refused.status_code == 422
    assert {reason["field"] for reason in refused.json()["reasons"]} == {"post", "person", "first_day", "lastday"}
    backwards = appointment | {"last_day": "2013-03-31"}
    assert (await client.post("/v1/appointments", json=backwards)).status_code == 422
    nameless = {"organisation": "10H", "title": "...", "first_day": OPENED}
    assert (await client.post("/v1/posts", json=nameless)).status_code == 422


@pytest.mark.parametrize("path", ["bodies/99Z-none", "people/P-none", "appointments/A-none", "decision-rights/99"])
async def test_what_is_not_there_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(f"/v1/{path}")).status_code == 404


async def test_a_command_repeated_with_its_key_is_done_once(
    client: httpx.AsyncClient, appointment: dict[str, Any], harness: GovernanceHarness
) -> None:
    answers = [await posted(client, "appointments", appointment, **{"Idempotency-Key": "k-1"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len(await harness.database.fetch("SELECT 1 FROM appointment")) == 1


async def test_every_operation_of_governance_explains_itself(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    ours = {tag["name"] for tag in SERVICE.tags}
    operations = [
        operation
        for path in document["paths"].values()
        for operation in path.values()
        if ours.intersection(operation.get("tags", ()))
    ]
    assert len(operations) == 122
    for operation in operations:
        assert operation["summary"], operation
        assert operation["description"], operation
        assert {"401", "403", "422"} <= set(operation["responses"])


async def test_every_command_shows_an_example_that_is_a_good_request(client: httpx.AsyncClient) -> None:
    schemas = (await client.get("/openapi.json")).json()["components"]["schemas"]
    commands = (
        bodies.EstablishBody,
        posts.CreatePost,
        terms.StateTerms,
        deputies.NameDeputies,
        closure.DissolveBody,
        people.RegisterPerson,
        appointments.MakeAppointment,
        appointments.EndAppointment,
        decision_rights.GrantDecisionRight,
        decision_rights.EndDecisionRight,
    )
    for command in commands:
        [example] = schemas[command.__name__]["examples"]
        assert command.model_validate(example).model_dump(mode="json", exclude_unset=True).keys() == example.keys()
