"""New care models: their status follows from their statements, in valid and known time."""

from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any

from libs.common.events.registry import CareModelStated
from libs.common.identity import Role
from services.registry.care_models.models import Stated
from services.registry.care_models.rules import CareModelAct, state_of
from tests.support.registry_client import RegistryClient

MCP = {
    "reference": "06A-MCP",
    "model": "mcp",
    "name": "Wolverhampton multispecialty community provider",
    "place": "06A",
    "partners": ["RL4"],
    "services": "community services",
    "planned_for": "2017-04-01",
}


def act(stated: Stated, month: int, planned_for: date | None = None, on: date = date(2016, 1, 1)) -> CareModelAct:
    return CareModelAct(stated, on, planned_for, (), "", (), (), None, stated_at=datetime(2017, month, 1, tzinfo=UTC))


ACTS = [
    act(Stated.PLANNED, 1, date(2017, 4, 1)),
    act(Stated.DELAYED, 2),
    act(Stated.REPLANNED, 5, date(2018, 4, 1)),
    act(Stated.ESTABLISHED, 9, date(2018, 4, 1), on=date(2017, 8, 1)),
    act(Stated.ENDED, 12, None, on=date(2018, 1, 1)),
]


def test_the_state_is_the_same_whatever_was_heard_first() -> None:
    days = [date(2017, 7, 31), date(2017, 8, 1), date(2017, 12, 31), date(2018, 1, 1)]
    for acts in permutations(ACTS):
        assert [state_of(acts, day).status for day in days] == ["planned", "live", "live", "ended"]
        live = state_of(acts, days[1])
        assert (live.since, live.last_day) == (date(2017, 8, 1), date(2017, 12, 31))
        assert (live.planned_for, live.slipped_from) == (date(2018, 4, 1), (date(2017, 4, 1),))


def test_a_day_that_was_planned_makes_nothing_live() -> None:
    planned = state_of(ACTS[:1], date(2030, 1, 1))
    assert (planned.status, planned.overdue) == ("planned", True)
    assert not state_of(ACTS[:1], date(2017, 3, 31)).overdue
    delayed = state_of(ACTS[:2], date(2030, 1, 1))
    assert (delayed.status, delayed.planned_for, delayed.overdue) == ("delayed", None, False)


async def plan(registry: RegistryClient, expect: int = 201, **changes: Any) -> dict[str, Any]:
    answer: dict[str, Any] = await registry.call("POST", "/care-models", json={**MCP, **changes}, expect=expect)
    return answer


async def at_06a(registry: RegistryClient) -> None:
    await registry.open("06A")
    await registry.open("RL4", kind="nhs_trust")


async def say(
    registry: RegistryClient, what: str, version: int, expect: int | None = None, **body: Any
) -> dict[str, Any]:
    return await registry.change(f"/care-models/06A-MCP/{what}", version=version, body=body, expect=expect)


async def ask(registry: RegistryClient, **asked: str) -> dict[str, Any]:
    answer: dict[str, Any] = await registry.call("GET", "/care-models/06A-MCP", params=asked)
    return answer


async def test_a_care_model_goes_from_plan_to_end(registry: RegistryClient) -> None:
    await at_06a(registry)
    planned = await plan(registry)
    assert (planned["status"], planned["planned_for"], planned["warnings"]) == ("planned", "2017-04-01", [])
    await say(registry, "delay", 1, note="milestones")
    await say(registry, "replanning", 2, planned_for="2018-04-01", people=262_000)
    await say(registry, "establishment", 3, effective_on="2018-07-01")
    await say(registry, "end", 4, effective_on="2020-04-01")
    days = ("2018-06-30", "2018-07-01", "2020-03-31", "2020-04-01")
    assert [(await ask(registry, as_at=day))["status"] for day in days] == ["planned", "live", "live", "ended"]
    shown = await ask(registry, as_at="2019-01-01")
    assert (shown["since"], shown["last_day"], shown["people"]) == ("2018-07-01", "2020-03-31", 262_000)
    assert (shown["partners"], shown["services"]) == (["RL4"], "community services")
    said = [one["stated"] for one in shown["statements"]]
    assert said == ["planned", "delayed", "replanned", "established", "ended"]
    told = [event for event in await registry.told() if isinstance(event, CareModelStated)]
    assert [(event.stated, event.planned_for and str(event.planned_for)) for event in told] == [
        ("planned", "2017-04-01"),
        ("delayed", None),
        ("replanned", "2018-04-01"),
        ("established", "2018-04-01"),
        ("ended", "2018-04-01"),
    ]
    assert told[-1].keys == {"06A-MCP", "06A", "RL4"}


async def test_what_was_known_before_a_delay_stays_answerable(registry: RegistryClient) -> None:
    await at_06a(registry)
    loader = (Role.LOADER, Role.REGISTRAR)
    await registry.call("POST", "/care-models", *loader, json=MCP, headers={"Stated-At": "2016-11-21"})
    headers = {"Stated-At": "2017-02-15", "If-Match": '"1"'}
    await registry.call("POST", "/care-models/06A-MCP/delay", *loader, json={}, headers=headers)
    known = [await ask(registry, as_at="2017-04-01", as_known=day) for day in ("2017-01-01", "2017-03-01")]
    assert [(one["status"], one["planned_for"]) for one in known] == [("planned", "2017-04-01"), ("delayed", None)]
    assert known[1]["slipped_from"] == ["2017-04-01"]
    unheard = await registry.call("GET", "/care-models/06A-MCP", params={"as_known": "2016-11-20"}, expect=404)
    assert unheard["type"].endswith("/care-model-not-found")


async def test_a_loader_puts_a_delay_between_what_was_said(registry: RegistryClient) -> None:
    await at_06a(registry)
    loader = (Role.LOADER, Role.REGISTRAR)
    await registry.call("POST", "/care-models", *loader, json=MCP, headers={"Stated-At": "2016-11-21"})
    await say(registry, "establishment", 1, effective_on="2018-07-01")
    headers = {"Stated-At": "2017-02-15", "If-Match": '"2"'}
    await registry.call("POST", "/care-models/06A-MCP/delay", *loader, json={}, headers=headers)
    assert (await ask(registry, as_at="2018-07-01"))["status"] == "live"
    assert (await ask(registry, as_at="2018-07-01", as_known="2018-01-01"))["status"] == "delayed"


async def test_what_is_live_or_gone_is_planned_no_more(registry: RegistryClient) -> None:
    await at_06a(registry)
    await plan(registry)
    await say(registry, "establishment", 1, effective_on="2018-07-01")
    for what, body in (
        ("delay", {}),
        ("replanning", {"planned_for": "2019-04-01"}),
        ("establishment", {"effective_on": "2019-04-01"}),
    ):
        refused = await say(registry, what, 2, 409, **body)
        assert refused["type"].endswith("/care-model-not-planned")
    early = await say(registry, "end", 2, 409, effective_on="2018-07-01")
    assert early["type"].endswith("/not-established")
    await say(registry, "end", 2, effective_on="2019-04-01")
    await say(registry, "end", 3, 409, effective_on="2020-04-01")


async def test_an_establishment_ahead_is_a_plan(registry: RegistryClient) -> None:
    await registry.move_clock("2017-03-31")
    await at_06a(registry)
    await plan(registry)
    refused = await say(registry, "establishment", 1, 409, effective_on="2017-04-01")
    assert refused["type"].endswith("/not-established")
    await registry.move_clock("2017-04-01")
    await say(registry, "establishment", 1, effective_on="2017-04-01")
    assert (await ask(registry))["status"] == "live"


async def test_a_plan_that_was_given_up_never_was_live(registry: RegistryClient) -> None:
    await at_06a(registry)
    await plan(registry)
    await say(registry, "delay", 1)
    twice = await say(registry, "delay", 2, 409)
    assert twice["type"].endswith("/no-change")
    await say(registry, "end", 2, effective_on="2018-04-01")
    shown = [(await ask(registry, as_at=day))["status"] for day in ("2018-03-31", "2018-04-01")]
    assert shown == ["delayed", "ended"]


async def test_a_plan_names_bodies_that_exist_and_a_reference_of_its_own(registry: RegistryClient) -> None:
    refused = await plan(registry, 404, partners=["RL4", "RRK"])
    assert [reason["field"] for reason in refused["reasons"]] == ["place", "partners.0", "partners.1"]
    await at_06a(registry)
    await plan(registry)
    taken = await plan(registry, 409, model="pacs")
    assert taken["type"].endswith("/care-model-taken")
    unknown = await say(registry, "replanning", 1, 404, planned_for=None, partners=["RRK"])
    assert unknown["reasons"][0]["field"] == "partners.0"
    await say(registry, "delay", 2, 412)
    await registry.call("POST", "/care-models/06A-MCP/delay", json={}, expect=428)
    await registry.change("/care-models/NOBODY/delay", version=1, body={}, expect=404)


async def test_care_models_are_stated_by_who_acts_for_the_place(registry: RegistryClient) -> None:
    await at_06a(registry)
    refused = await registry.call("POST", "/care-models", Role.REGISTRAR, organisations=("05L",), json=MCP, expect=403)
    assert refused["type"].endswith("/not-yours-to-decide")
    await plan(registry)
    await registry.call(
        "POST",
        "/care-models/06A-MCP/delay",
        Role.REGISTRAR,
        organisations=("05L",),
        json={},
        headers={"If-Match": '"1"'},
        expect=403,
    )


async def test_care_models_are_found_by_place_sort_and_status_page_by_page(registry: RegistryClient) -> None:
    await at_06a(registry)
    await registry.open("05L")
    for number in range(3):
        await plan(registry, reference=f"06A-{number}")
    await plan(registry, reference="05L-1", place="05L", model="pacs")
    await registry.change("/care-models/06A-1/establishment", version=1, body={"effective_on": "2017-06-01"})

    async def found(**asked: str) -> list[str]:
        answer = await registry.call("GET", "/care-models", params={"as_at": "2018-01-01", **asked})
        return [one["reference"] for one in answer["items"]]

    assert await found(place="06A") == ["06A-0", "06A-1", "06A-2"]
    assert await found(status="live") == ["06A-1"]
    assert await found(model="pacs") == ["05L-1"]
    assert await found(place="05L", status="live") == []
    assert await found(as_known="2017-01-01") == []
    first = await registry.call("GET", "/care-models", params={"limit": "3"})
    rest = await registry.call("GET", first["next"].removeprefix("/v1"))
    assert [len(first["items"]), len(rest["items"]), rest["next"]] == [3, 1, None]


async def test_a_care_model_is_found_at_the_body_that_its_place_lives_on_in(registry: RegistryClient) -> None:
    await at_06a(registry)
    await registry.open("05C")
    await plan(registry)
    await registry.merge("D2P2L", "05C", "06A", on="2021-04-01")

    async def found(as_at: str) -> list[str]:
        answer = await registry.call("GET", "/care-models", params={"place": "D2P2L", "as_at": as_at})
        return [one["reference"] for one in answer["items"]]

    assert [await found(day) for day in ("2021-03-31", "2021-04-01")] == [[], ["06A-MCP"]]
    await registry.call(
        "POST",
        "/care-models/06A-MCP/delay",
        Role.REGISTRAR,
        organisations=("D2P2L", "RL4"),
        json={},
        headers={"If-Match": '"1"'},
    )
