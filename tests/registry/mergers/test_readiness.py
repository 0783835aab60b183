"""What a merger needs before its day: schemes of both sorts, conditions; and what happens without."""

from typing import Any

import pytest

from libs.common.events.registry import CCGMerged, MergerConditionMet, TransferSchemeMade
from libs.common.identity import Role
from tests.registry.applications.applicants import (
    apply,
    conditions,
    determine,
    fields,
    make_scheme,
    meet,
    messages,
)
from tests.support.platform import NIL_RETURNS
from tests.support.registry_client import RegistryClient


async def ready(registry: RegistryClient, merger: str, **asked: str) -> dict[str, Any]:
    answer: dict[str, Any] = await registry.call("GET", f"/mergers/{merger}/readiness", params=asked)
    return answer


async def agreed(registry: RegistryClient, *, schemes: list[dict[str, Any]] | None = None) -> None:
    await registry.move_clock("2017-09-01")
    await registry.open("10H", "10Y")
    await registry.merge("14Y", "10Y", "10H", on="2018-04-01", schemes=schemes or [])


async def test_a_merger_without_schemes_is_overdue_and_carried_out_by_nobody(registry: RegistryClient) -> None:
    await agreed(registry)
    await registry.move_clock("2018-04-02")
    assert "CCGMerged" not in await registry.names_told()
    merger = await registry.call("GET", "/mergers/M-14Y")
    assert (merger["status"], merger["overdue"]) == ("agreed", True)
    assert fields({"reasons": merger["missing"]}) == {"schemes.property", "schemes.staff"}
    assert [await registry.status(code, "2018-04-02") for code in ("10H", "10Y", "14Y")] == ["open", "open", "proposed"]
    listed = await registry.call("GET", "/mergers", params={"overdue": "true"})
    assert [one["reference"] for one in listed["items"]] == ["M-14Y"]
    assert (await registry.call("GET", "/mergers", params={"overdue": "false"}))["items"] == []


async def test_an_overdue_merger_holds_up_no_other(registry: RegistryClient) -> None:
    await agreed(registry)
    await registry.open("10A", "10B")
    await registry.merge("1BB", "10A", "10B", on="2018-10-01")
    await registry.move_clock("2018-10-01")
    assert [event.successor for event in await registry.told() if isinstance(event, CCGMerged)] == ["1BB"]


async def test_each_predecessor_needs_both_and_one_scheme_may_be_of_several(registry: RegistryClient) -> None:
    await agreed(registry)
    made = await make_scheme(registry, "M-14Y", "property", predecessors=["10Y"], made_on="2017-08-31")
    assert made["version"] == 2
    await make_scheme(registry, "M-14Y", "property", predecessors=["10H"], nil_return=True)
    await make_scheme(registry, "M-14Y", "staff", predecessors=["10H"])
    found = await ready(registry, "M-14Y")
    assert found["ready"] is False
    assert found["missing"] == [
        {
            "message": "no staff transfer scheme or nil return of 10Y",
            "field": "schemes.staff",
            "roles": ["nhs_england", "governance_lead"],
            "organisations": ["10Y"],
        }
    ]
    assert [(one["reference"], one["nil_return"], one["predecessors"]) for one in found["schemes"]] == [
        ("M-14Y-P1", False, ["10Y"]),
        ("M-14Y-P2", True, ["10H"]),
        ("M-14Y-S1", False, ["10H"]),
    ]
    await make_scheme(registry, "M-14Y", "staff", predecessors=["10Y"])
    assert (await ready(registry, "M-14Y"))["ready"] is True
    await registry.move_clock("2018-04-01")
    [merged] = [event for event in await registry.told() if isinstance(event, CCGMerged)]
    assert merged.predecessors == ("10Y", "10H")
    assert merged.property_schemes == ("M-14Y-P1", "M-14Y-P2")
    assert merged.staff_schemes == ("M-14Y-S2", "M-14Y-S1")
    first = next(event for event in await registry.told() if isinstance(event, TransferSchemeMade))
    assert (first.scheme, first.sort, str(first.effective_on)) == ("M-14Y-P1", "property", "2017-08-31")


async def test_readiness_is_asked_as_at_and_as_known(registry: RegistryClient) -> None:
    await agreed(registry)
    await registry.move_clock("2017-12-01")
    await make_scheme(registry, "M-14Y", "property", made_on="2017-11-15")
    await registry.move_clock("2018-01-10")
    await make_scheme(registry, "M-14Y", "staff", made_on="2018-01-05")

    async def lacks(**asked: str) -> set[str]:
        return fields({"reasons": (await ready(registry, "M-14Y", **asked))["missing"]})

    assert await lacks() == set()
    assert await lacks(as_at="2017-11-14") == {"schemes.property", "schemes.staff"}
    assert await lacks(as_at="2017-11-15") == {"schemes.staff"}
    assert await lacks(as_at="2018-01-05", as_known="2018-01-09") == {"schemes.staff"}
    assert await lacks(as_at="2018-01-05", as_known="2018-01-10") == set()
    await registry.call("GET", "/mergers/M-14Y/readiness", params={"as_known": "2017-08-31"}, expect=404)


async def test_a_scheme_that_cannot_be_is_refused_with_every_reason(registry: RegistryClient) -> None:
    await agreed(registry)
    refused = await make_scheme(
        registry, "M-14Y", "staff", predecessors=["10Y", "10Q", "10Y"], made_on="2017-09-02", expect=409
    )
    assert refused["type"].endswith("/scheme-not-allowed")
    assert fields(refused) == {"predecessors", "predecessors.1", "made_on"}
    await make_scheme(registry, "M-14Y", "staff", predecessors=["10Y"])
    twice = await make_scheme(registry, "M-14Y", "staff", expect=409)
    assert twice["type"].endswith("/scheme-made-already")
    assert "M-14Y-S1" in messages(twice)
    await make_scheme(registry, "M-9ZZ", "staff", expect=404)


async def test_a_merger_on_a_day_that_has_come_is_refused_without_its_schemes(registry: RegistryClient) -> None:
    await registry.move_clock("2018-04-01")
    await registry.open("10H", "10Y")
    for day in ("2018-04-01", "2017-04-01"):
        refused = await registry.merge("14Y", "10Y", "10H", on=day, schemes=NIL_RETURNS[:1], expect=409)
        assert refused["type"].endswith("/merger-not-ready")
        assert fields(refused) == {"schemes.staff"}
    assert (await registry.merge("14Y", "10Y", "10H", on="2018-04-01"))["status"] == "carried_out"
    closed = await make_scheme(registry, "M-14Y", "staff", expect=409)
    assert closed["type"].endswith("/merger-not-open")


async def test_the_successor_is_established_on_its_day_and_not_before(registry: RegistryClient) -> None:
    await agreed(registry, schemes=NIL_RETURNS)
    early = await registry.call("POST", "/mergers/M-14Y/establishment", expect=409)
    assert early["type"].endswith("/wrong-effective-date")
    await registry.move_clock("2018-04-01")
    done = await registry.call("POST", "/mergers/M-14Y/establishment", expect=409)
    assert done["type"].endswith("/merger-not-open")


async def test_conditions_are_evidenced_once_each_on_days_that_have_come(registry: RegistryClient) -> None:
    await registry.move_clock("2019-09-02")
    await registry.open("10H", "10Y")
    await apply(registry, "14Y", "10Y", "10H")
    await determine(registry, "A-14Y", "approved_with_conditions", conditions=conditions("constitution", "chair"))
    early = await meet(registry, "M-14Y", 1, "2019-09-03", expect=409)
    assert fields(early) == {"met_on"}
    await meet(registry, "M-14Y", 2, "2019-09-01")
    again = await meet(registry, "M-14Y", 2, "2019-09-01", expect=409)
    assert again["type"].endswith("/condition-met-already")
    none = await meet(registry, "M-14Y", 3, "2019-09-01", expect=404)
    assert none["type"].endswith("/no-such-condition")
    found = await ready(registry, "M-14Y")
    assert [(one["number"], one["met_on"], one["evidence"]) for one in found["conditions"]] == [
        (1, None, None),
        (2, "2019-09-01", "A minute"),
    ]
    [met] = [event for event in await registry.told() if isinstance(event, MergerConditionMet)]
    assert (met.condition, str(met.effective_on)) == (2, "2019-09-01")


async def test_what_came_on_the_day_itself_is_in_time(registry: RegistryClient) -> None:
    await agreed(registry, schemes=NIL_RETURNS[:1])
    await registry.move_clock("2018-04-01")
    done = await make_scheme(registry, "M-14Y", "staff")
    assert done["status"] == "carried_out"
    assert await registry.status("14Y", "2018-04-01") == "open"


@pytest.mark.parametrize("new_day", ["2018-04-20", "2018-05-01"])
async def test_what_came_late_takes_effect_on_a_new_day_only(registry: RegistryClient, new_day: str) -> None:
    await agreed(registry, schemes=NIL_RETURNS[:1])
    await registry.move_clock("2018-04-20")
    late = await make_scheme(registry, "M-14Y", "staff")
    assert late["status"] == "agreed"
    refused = await registry.call("POST", "/mergers/M-14Y/establishment", expect=409)
    assert fields(refused) == {"effective_on"}
    back = await registry.change(
        "/mergers/M-14Y/redating", version=late["version"], body={"effective_on": "2018-04-02"}, expect=409
    )
    assert fields(back) == {"effective_on"}
    await registry.change("/mergers/M-14Y/redating", version=late["version"], body={"effective_on": new_day})
    await registry.move_clock("2018-05-01")
    assert (await registry.call("GET", "/mergers/M-14Y"))["status"] == "carried_out"
    assert [await registry.status("10H", day) for day in ("2018-04-01", new_day)] == ["open", "closed"]


async def test_who_keeps_the_governance_of_the_parties_may_prepare_and_nobody_else(registry: RegistryClient) -> None:
    await agreed(registry)
    path, body = "/mergers/M-14Y/schemes", {"sort": "staff", "nil_return": True}
    for organisations, role, problem in (
        (("10Q",), Role.GOVERNANCE_LEAD, "/not-yours-to-decide"),
        (("10H",), Role.GOVERNANCE_LEAD, "/not-yours-to-decide"),
        (("*",), Role.PARTNER, "/role-missing"),
    ):
        refused = await registry.call("POST", path, role, organisations=organisations, json=body, expect=403)
        assert refused["type"].endswith(problem)
    await registry.call("POST", path, Role.GOVERNANCE_LEAD, organisations=("10H", "10Y"), json=body, expect=201)


async def test_a_loader_replays_evidence_as_its_sources_stated_it(registry: RegistryClient) -> None:
    await registry.open("10H", "10Y")

    async def say(path: str, day: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Stated-At": day}
        roles = (Role.NHS_ENGLAND, Role.LOADER)
        answer: dict[str, Any] = await registry.call("POST", path, *roles, json=body, headers=headers, expect=201)
        return answer

    merger = {
        "successor": "14Y",
        "successor_name": "NHS Buckinghamshire CCG",
        "predecessors": ["10H", "10Y"],
        "effective_on": "2018-04-01",
    }
    assert (await say("/mergers", "2017-09-01", merger))["status"] == "agreed"
    await say("/mergers/M-14Y/schemes", "2018-01-10", {"sort": "property"})
    done = await say("/mergers/M-14Y/schemes", "2018-01-11", {"sort": "staff"})
    assert done["status"] == "carried_out"
    assert await registry.status("14Y", "2018-04-01") == "open"
