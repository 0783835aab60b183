"""A branch's commands are promoted into life as one plan: each on its day and once, by who holds the right then.

Where life has moved on meanwhile, the branch is rebased.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import asyncpg
import httpx
import pytest

from deploy.branches import conflicts
from deploy.branches.servers import BranchServer
from libs.common.database.connection import dsn, raw
from libs.common.http import idempotency
from libs.common.identity import Caller, Role
from tests.support.branching import Planning, planning
from tests.support.builders import a_ccg, a_merger_command
from tests.support.databases import Databases, fresh_databases
from tests.support.edge import Tokens
from tests.support.platform import Platform, running_platform

TODAY, MERGES = date(2018, 3, 1), date(2018, 4, 1)
NHS_ENGLAND = {"Assume": "nhs_england@*"}
PAIRS = [(f"{number:02}A", f"{number:02}B") for number in range(3, 13)]
NAMED = {"new_name": "NHS Somewhere CCG", "effective_on": "2018-03-01"}


@pytest.fixture(scope="module")
async def life(templates: Databases, tokens: Tokens) -> AsyncIterator[Platform]:
    """Four services on 1 March 2018 with pairs of CCGs, one pair for each test."""
    async with fresh_databases(templates) as new, running_platform(templates, new, tokens) as platform:
        # First: what is stated of a body comes after all that was stated of it before.
        await platform.move_clocks(TODAY)
        ccgs = {"organisations": [a_ccg(code) for pair in PAIRS for code in pair]}
        await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json=ccgs)
        await platform.caught_up()
        yield platform


@pytest.fixture(scope="module")
async def plans_url(templates: Databases) -> AsyncIterator[str]:
    async with fresh_databases(templates) as new:
        yield await new(None)


@pytest.fixture
async def planner(plans_url: str, life: Platform, server: BranchServer) -> AsyncIterator[Planning]:
    async with planning(life, server, plans_url=plans_url) as served:
        yield served
        for branch in served.branches.of(served.everyone):
            await served.branches.drop(branch)


def kind_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


def merger(successor: str, pair: tuple[str, str]) -> dict[str, Any]:
    return a_merger_command(successor, *pair, on=MERGES)


async def events_about(life: Platform, service: str, name: str, code: str) -> int:
    rows = await life.database(service).fetch("SELECT FROM event_log WHERE name = $1 AND keys && ARRAY[$2]", name, code)
    return len(rows)


async def test_an_assumed_caller_commands_and_reads_nothing(life: Platform, planner: Planning) -> None:
    pair = PAIRS[0]
    await planner.open("assume", *pair)
    path, command = "/branches/assume/registry/v1", merger("03C", pair)
    read = await planner.send("GET", f"{path}/organisations/03A", Role.PLANNER, headers=NHS_ENGLAND)
    assert kind_of(read) == (403, "assumed-reads-nothing")
    own = await planner.send("POST", f"{path}/mergers", Role.PLANNER, json=command)
    assert kind_of(own) == (403, "role-missing")
    agreed = await planner.send("POST", f"{path}/mergers", Role.PLANNER, json=command, headers=NHS_ENGLAND)
    assert (agreed.status_code, agreed.content) == (201, b"")
    again = await planner.send("POST", f"{path}/mergers", Role.PLANNER, json=command, headers=NHS_ENGLAND)
    assert again.status_code == 409
    assert set(again.json()) == {"type", "title", "status"}
    for header in ("patient@*", "contract_lead@*", "contract_lead", "operator@15A"):
        refused = await planner.send("POST", f"{path}/mergers", json=command, headers={"Assume": header})
        assert kind_of(refused) == (422, "assumption-refused"), header
    steps = (await planner.call("GET", "/branches/assume/steps"))["items"]
    assert [(one["number"], one["status"], one["assumed"]) for one in steps] == [
        (1, 403, False),
        (2, 201, True),
        (3, 409, True),
    ]
    [branch] = planner.branches.of(planner.everyone)
    token = planner.branches.recorder.key.token(Caller("eve", frozenset(Role), frozenset({"*"})), branch.id)
    in_life = await life.clients["registry"].get("/v1/organisations/03A", headers={"Authorization": f"Bearer {token}"})
    assert kind_of(in_life) == (401, "unauthenticated")
    own_token = planner.branches.recorder.key.token(Caller("eve", frozenset(Role), frozenset({"*"})), "another")
    world = await planner.branches.world(branch)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(world.routes), base_url="http://branch") as client:
        found = await client.get(f"{path}/organisations/03A", headers={"Authorization": f"Bearer {own_token}"})
    assert found.status_code == 401


async def test_a_plan_waits_for_its_days_and_for_who_holds_the_right_and_is_done_once(
    life: Platform, planner: Planning
) -> None:
    pair = PAIRS[1]
    await planner.open("plan", *pair)
    path = "/branches/plan"
    leads = (Role.PLANNER, Role.GOVERNANCE_LEAD, Role.REGISTRAR)

    async def own(method: str, to: str, **request: Any) -> httpx.Response:
        answer = await planner.send(method, f"{path}/{to}", *leads, organisations=(*pair, "04C", "99Z"), **request)
        assert answer.is_success, answer.text
        return answer

    registered = await own("POST", "governance/v1/people", json={"organisation": "04A", "display_name": "Ann"})
    person = registered.json()["person"]
    read = await own("GET", f"governance/v1/people/{person}")
    named = {"display_name": "Anne"}
    version = {"If-Match": read.headers["ETag"]}
    await own("PUT", f"governance/v1/people/{person}", json=named, headers=version)
    await own("POST", "registry/v1/mergers", json=merger("04C", pair), headers=NHS_ENGLAND)
    await planner.move("plan", "2018-04-02")
    people = {"basis": "registered", "people": 250_000, "effective_on": "2018-04-01"}
    await own("POST", "registry/v1/organisations/04C/populations", json=people)

    made = await planner.send("POST", f"{path}/promotion", *leads, organisations=pair)
    again = await planner.send("POST", f"{path}/promotion", *leads, organisations=pair)
    assert (made.status_code, again.status_code) == (201, 200)
    plan = made.json()
    assert again.json()["reference"] == plan["reference"]
    assert [(one["day"], one["state"], one["assumed"]) for one in plan["steps"]] == [
        ("2018-03-01", "due", False),
        ("2018-03-01", "waits for an earlier step", False),
        ("2018-03-01", "waits for an earlier step", True),
        ("2018-04-02", "waits for an earlier step", False),
    ]
    assert plan["steps"][0]["waits_for"]["organisations"] == ["04A"]
    assert plan["steps"][2]["waits_for"] == {"roles": ["nhs_england"], "organisations": ["*"], "subject": None}

    async def give(number: int, *roles: Role, organisations: tuple[str, ...] = (*pair, "04C")) -> httpx.Response:
        to = f"/plans/{plan['reference']}/steps/{number}"
        return await planner.send("POST", to, *roles, organisations=organisations)

    # The planner acts for 99Z too, which no step touches.
    stranger = await give(1, *leads, organisations=("99Z",))
    assert kind_of(stranger) == (404, "plan-not-found")
    assert (await planner.call("GET", "/plans", *leads, organisations=("99Z",)))["items"] == []
    early = await give(4, *leads)
    assert kind_of(early) == (409, "step-not-due")
    assert [one["field"] for one in early.json()["reasons"]] == ["day", "steps.1", "steps.2", "steps.3"]
    first = await give(1, *leads)
    assert first.status_code == 201
    in_life = first.json()["person"]
    assert in_life != person
    now = await planner.call("GET", f"/plans/{plan['reference']}", *leads, organisations=pair)
    assert now["steps"][1]["path"] == f"/v1/people/{in_life}"
    second = await give(2, *leads)
    assert (second.status_code, second.json()["person"]) == (200, in_life)
    assert kind_of(await give(3, *leads)) == (403, "role-missing")
    agreed = await give(3, Role.NHS_ENGLAND, organisations=("*",))
    assert agreed.status_code == 201
    for name in life.running:
        async with life.database(name).begin() as session:
            connection = await raw(session)
            for table in ("promoted_step", "idempotency_key"):
                await connection.execute(f"UPDATE {table} SET created_at = created_at - interval '1 year'")
        await idempotency.sweep(life.database(name), hours=24)
    repeated = await give(3, Role.NHS_ENGLAND, organisations=("*",))
    assert (repeated.status_code, repeated.content) == (201, agreed.content)
    assert repeated.headers["Idempotency-Replayed"] == "true"
    await life.move_clocks(date(2018, 4, 2))
    assert await events_about(life, "registry", "CCGMerged", "04C") == 1
    last = await give(4, *leads)
    assert last.status_code == 201, last.text
    done = await planner.call("GET", f"/plans/{plan['reference']}", *leads, organisations=pair)
    assert (done["state"], {one["state"] for one in done["steps"]}) == ("done", {"done"})
    assert [len(one["given"]) for one in done["steps"]] == [1, 1, 3, 1]
    await planner.call("DELETE", path)
    kept = await planner.call("GET", "/plans", *leads, organisations=pair)
    assert [one["reference"] for one in kept["items"]] == [plan["reference"]]
    without_its_branch = await give(3, Role.NHS_ENGLAND, organisations=("*",))
    assert (without_its_branch.content, without_its_branch.headers["Idempotency-Replayed"]) == (agreed.content, "true")
    await life.caught_up()
    assert await events_about(life, "registry", "CCGMergerAgreed", "04C") == 1
    assert await planner.branches.register.pool.fetch("SELECT FROM step") == []
    await life.move_clocks(TODAY)


async def test_another_renaming_of_a_body_is_found_before_the_plan_and_before_its_steps(
    life: Platform, planner: Planning, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, rename = PAIRS[2], "/organisations/05A/renaming"
    await planner.open("moved", *pair)
    await planner.open("other", "06A", "06B")
    for name, command in (("moved", merger("05C", pair)), ("other", merger("06C", PAIRS[3]))):
        await planner.call("POST", f"/branches/{name}/registry/v1/mergers", json=command, headers=NHS_ENGLAND)
    before = await planner.call("POST", "/branches/moved/promotion", expect=201)
    version = {"If-Match": '"1"'}
    await life.call("POST", "registry", rename, Role.REGISTRAR, json=NAMED, headers=version)
    await life.caught_up()
    refused = await planner.send("POST", f"/plans/{before['reference']}/steps/1")
    assert kind_of(refused) == (409, "base-moved")
    [reason] = refused.json()["reasons"]
    assert "OrganisationRenamed about 05A" in reason["message"]
    assert await events_about(life, "registry", "CCGMergerAgreed", "05C") == 0
    other = {"new_name": "NHS Elsewhere CCG", "effective_on": "2018-03-01"}
    await life.call("POST", "registry", rename, Role.REGISTRAR, json=other, headers={"If-Match": "*"})
    await life.caught_up()
    monkeypatch.setattr(conflicts, "MOST_NAMED", 1)
    refused = await planner.send("POST", f"/plans/{before['reference']}/steps/1")
    [reason] = refused.json()["reasons"]
    assert reason["message"].endswith("; 1 after it are not named")
    untouched = await planner.call("POST", "/branches/other/promotion", expect=201)
    given = await planner.send("POST", f"/plans/{untouched['reference']}/steps/1")
    assert given.status_code == 201
    unable = await planner.send("POST", f"/plans/{before['reference']}/withdrawal", Role.PARTNER, organisations=pair)
    assert kind_of(unable) == (403, "role-missing")
    withdrawn = await planner.call("POST", f"/plans/{before['reference']}/withdrawal")
    assert (withdrawn["state"], withdrawn["steps"][0]["state"]) == ("withdrawn", "withdrawn")
    ended = await planner.send("POST", f"/plans/{untouched['reference']}/withdrawal")
    assert kind_of(ended) == (409, "plan-ended")


async def test_what_was_not_answered_since_the_process_was_killed_is_done_once(
    life: Platform, planner: Planning, plans_url: str
) -> None:
    pair = PAIRS[4]
    opened = await planner.open("killed", *pair)
    agreed = await planner.send(
        "POST", "/branches/killed/registry/v1/mergers", json=merger("07C", pair), headers=NHS_ENGLAND
    )
    assert agreed.status_code == 201
    await planner.branches.register.pool.execute("UPDATE step SET status = NULL")
    [step] = (await planner.call("GET", "/branches/killed/steps"))["items"]
    assert (step["number"], step["status"]) == (1, 201)
    merged = await planner.call("GET", "/branches/killed/registry/v1/mergers", params={"code": "07A"})
    assert len(merged["items"]) == 1
    plan = await planner.call("POST", "/branches/killed/promotion", expect=201)
    to = f"/plans/{plan['reference']}/steps/1"
    assert (await planner.send("POST", to)).status_code == 201
    connection = await asyncpg.connect(dsn(plans_url))
    await connection.execute("UPDATE act SET status = NULL, answer = NULL WHERE plan = $1", plan["reference"])
    await connection.close()
    settled = await planner.call("GET", f"/plans/{plan['reference']}")
    assert (settled["state"], settled["steps"][0]["given"][0]["status"]) == ("done", 201)
    assert (await planner.send("POST", to)).headers["Idempotency-Replayed"] == "true"
    assert await events_about(life, "registry", "CCGMergerAgreed", "07C") == 1
    assert opened["state"] == "open"


class Cut(httpx.AsyncBaseTransport):
    """Ends whoever sends a command with it, before or after the service carries that out, as a kill does."""

    def __init__(self, service: httpx.AsyncClient, *, after: bool) -> None:
        self._service, self._after = service, after

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass the request on, and its answer unless it is a command's."""
        if request.method == "GET":
            return await self._service.send(request)
        if self._after:
            await self._service.send(request)
        raise asyncio.CancelledError


async def test_a_promotion_that_is_killed_between_two_steps_is_continued_by_another_process(
    life: Platform, server: BranchServer, plans_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = PAIRS[8][0]

    async def cut(planner: Planning, number: int, *, after: bool) -> None:
        service = life.clients["registry"]
        killed = httpx.AsyncClient(transport=Cut(service, after=after), base_url=service.base_url)
        with monkeypatch.context() as patched:
            patched.setitem(life.clients, "registry", killed)
            with pytest.raises(asyncio.CancelledError):
                await planner.send("POST", f"/plans/{reference}/steps/{number}")
        await life.caught_up()

    async def renamings() -> int:
        return await events_about(life, "registry", "OrganisationRenamed", code)

    async with planning(life, server, plans_url=plans_url) as planner:
        await planner.open("cut", code)
        for name in ("First", "Second", "Third"):
            path, command = f"/branches/cut/registry/v1/organisations/{code}/renaming", NAMED | {"new_name": name}
            await planner.call("POST", path, json=command, headers={"If-Match": "*"})
        reference = (await planner.call("POST", "/branches/cut/promotion", expect=201))["reference"]
        # Given by two at once, it is done once.
        first = f"/plans/{reference}/steps/1"
        both = await asyncio.gather(planner.send("POST", first), planner.send("POST", first))
        assert [answer.is_success for answer in both] == [True, True]
        await cut(planner, 2, after=False)
        assert await renamings() == 1
    async with planning(life, server, plans_url=plans_url) as planner:
        found = await planner.call("GET", f"/plans/{reference}")
        assert [step["state"] for step in found["steps"]] == ["done", "due", "waits for an earlier step"]
        assert (await planner.send("POST", f"/plans/{reference}/steps/2")).is_success
        await cut(planner, 3, after=True)
        assert await renamings() == 3
    async with planning(life, server, plans_url=plans_url) as planner:
        assert (await planner.call("GET", f"/plans/{reference}"))["state"] == "done"
        for number in (2, 3):
            again = await planner.send("POST", f"/plans/{reference}/steps/{number}")
            assert again.headers["Idempotency-Replayed"] == "true"
        await life.caught_up()
        assert await renamings() == 3
        assert (await life.call("GET", "registry", f"/organisations/{code}"))["name"] == "Third"
        await planner.call("DELETE", "/branches/cut")


async def test_plans_and_steps_are_read_page_by_page(planner: Planning) -> None:
    both = PAIRS[9]
    base = None
    for name, code in (("one", both[0]), ("two", both[1])):
        base = (await planner.open(name, code, base=base))["base"]["id"]
        for number in range(2):
            named = {"new_name": f"NHS {number} CCG", "effective_on": "2018-03-01"}
            path = f"/branches/{name}/registry/v1/organisations/{code}/renaming"
            await planner.call("POST", path, json=named, headers={"If-Match": "*"})
        await planner.call("POST", f"/branches/{name}/promotion", expect=201)
    own: dict[str, Any] = {"organisations": both}

    async def pages(path: str) -> list[Any]:
        found, following = [], f"{path}?limit=1"
        while following:
            answer = await planner.call("GET", following, Role.PLANNER, **own)
            assert len(answer["items"]) == 1
            found += answer["items"]
            following = answer["next"]
        return found

    plans = await pages("/plans")
    assert [(plan["branch"], plan["steps_done"], plan["steps_left"]) for plan in plans] == [
        ("one", 0, 2),
        ("two", 0, 2),
    ]
    for path in ("/branches/two/steps", f"/plans/{plans[1]['reference']}/steps"):
        assert [step["number"] for step in await pages(path)] == [1, 2]
    strange = await planner.send("GET", "/plans", params={"after": "WzFd"})
    assert kind_of(strange) == (400, "unreadable-cursor")


async def test_a_branch_without_commands_is_no_plan(planner: Planning) -> None:
    await planner.open("empty", "03A")
    refused = await planner.send("POST", "/branches/empty/promotion")
    assert kind_of(refused) == (409, "promotion-refused")
    assert refused.json()["reasons"][0]["message"] == "no command was carried out in the branch"
    imported = await planner.send("POST", "/branches/empty/registry/v1/imports/previews")
    assert kind_of(imported) == (409, "no-step")


async def stated(planner: Planning, name: str, pair: tuple[str, str], successor: str) -> str:
    """Command in a branch: a person, registered and renamed, and a merger; return the person."""
    path = f"/branches/{name}"

    async def own(method: str, to: str, **request: Any) -> httpx.Response:
        answer = await planner.send(method, f"{path}/{to}", **request)
        assert answer.is_success, answer.text
        return answer

    registered = await own("POST", "governance/v1/people", json={"organisation": pair[0], "display_name": "Ann"})
    person = str(registered.json()["person"])
    read = await own("GET", f"governance/v1/people/{person}")
    version = {"If-Match": read.headers["ETag"]}
    await own("PUT", f"governance/v1/people/{person}", json={"display_name": "Anne"}, headers=version)
    await own("POST", "registry/v1/mergers", json=merger(successor, pair))
    return person


async def rebased(planner: Planning, name: str, onto: str, **command: Any) -> Any:
    """Rebase a branch, and return what differs."""
    await planner.call("POST", f"/branches/{name}/rebase", json={"name": onto, **command})
    assert (await planner.settled(onto))["state"] == "open"
    return await planner.call("GET", f"/branches/{onto}/rebase")


async def test_on_the_same_base_a_rebase_is_the_same(planner: Planning) -> None:
    pair = PAIRS[7]
    opened = await planner.open("first", *pair)
    refused = await planner.send("POST", "/branches/first/rebase", json={"name": "again"})
    assert kind_of(refused) == (409, "rebase-refused")
    person = await stated(planner, "first", pair, "10C")
    await planner.move("first", "2018-04-02")
    people = {"basis": "registered", "people": 250_000, "effective_on": "2018-04-01"}
    await planner.call("POST", "/branches/first/registry/v1/organisations/10C/populations", json=people)
    found = await rebased(planner, "first", "again", base=opened["base"]["id"])
    assert [(one["status"], one["differences"]) for one in found["steps"]] == [
        (201, []),
        (200, []),
        (201, []),
        (201, []),
    ]
    assert [one["given_on"] for one in found["steps"]] == [one["day"] for one in found["steps"]]
    assert (found["of"], found["same"], found["table"]["rows"]) == ("first", True, [])
    steps = (await planner.call("GET", "/branches/again/steps"))["items"]
    [given_again] = {one["path"] for one in steps if one["method"] == "PUT"}
    assert given_again != f"/v1/people/{person}"
    assert (await planner.call("GET", "/branches/again"))["day"] == "2018-04-02"
    itself = await planner.send("GET", "/branches/first/rebase")
    assert kind_of(itself) == (404, "not-rebased")
    in_use = await planner.send("POST", "/branches/first/rebase", json={"name": "again"})
    assert kind_of(in_use) == (409, "branch-refused")
    await planner.call("DELETE", "/branches/first")
    alone = await planner.call("GET", "/branches/again/rebase")
    assert (alone["same"], alone["table"]) == (None, None)


async def test_where_the_base_has_moved_what_is_left_of_a_plan_is_rebased_and_promoted_anew(
    life: Platform, planner: Planning
) -> None:
    pair, other = PAIRS[5], PAIRS[6]
    opened = await planner.open("before", *pair)
    await planner.open("beside", *other, base=opened["base"]["id"])
    await stated(planner, "before", pair, "08C")
    await planner.call("POST", "/branches/beside/registry/v1/mergers", json=merger("09C", other), headers=NHS_ENGLAND)
    plan = await planner.call("POST", "/branches/before/promotion", expect=201)
    first = await planner.call("POST", f"/plans/{plan['reference']}/steps/1", expect=201)
    version = {"If-Match": '"1"'}
    await life.call("POST", "registry", "/organisations/08A/renaming", Role.REGISTRAR, json=NAMED, headers=version)
    await life.call("POST", "registry", "/mergers", Role.NHS_ENGLAND, json=merger("09D", other))
    await life.caught_up()
    blocked = await planner.send("POST", f"/plans/{plan['reference']}/steps/2")
    assert kind_of(blocked) == (409, "base-moved")

    found = await rebased(planner, "before", "after")
    assert [(one["given_on"], one["status"]) for one in found["steps"]] == [
        (None, 201),
        ("2018-03-01", 200),
        ("2018-03-01", 201),
    ]
    assert found["same"], found
    base = (await planner.call("GET", "/branches/after"))["base"]["id"]
    assert base != opened["base"]["id"]
    refused = await rebased(planner, "beside", "late", base=base)
    [step] = refused["steps"]
    assert (refused["same"], step["status_before"], step["status"], step["differs"]) == (False, 201, 409, True)
    assert "09D" not in str(step), "an assumed caller reads nothing"
    assert (await planner.call("GET", "/branches/late"))["base"]["id"] == base

    twice = await planner.send("POST", "/branches/after/promotion")
    assert kind_of(twice) == (409, "promotion-refused")
    assert plan["reference"] in twice.json()["reasons"][0]["message"]
    await planner.call("POST", f"/plans/{plan['reference']}/withdrawal")
    anew = await planner.call("POST", "/branches/after/promotion", expect=201)
    assert (await planner.call("POST", "/branches/before/promotion"))["state"] == "withdrawn"
    for number, status in ((1, 200), (2, 201)):
        given = await planner.send("POST", f"/plans/{anew['reference']}/steps/{number}")
        assert given.status_code == status, given.text
    person = await life.call("GET", "governance", f"/people/{first['person']}")
    assert person["display_name"] == "Anne"
    assert await events_about(life, "registry", "CCGMergerAgreed", "08C") == 1
