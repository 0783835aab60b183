"""S40: a proposed CCG submits its options late, and its agreement with NHS support is overdue until it is signed."""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.builders import a_ccg, a_contract
from tests.support.platform import Platform

CCG, SHA, CSS = "10H", "Q38", "0CX"


def decisions(functions: list[str]) -> list[dict[str, Any]]:
    """Payroll and IT from NHS support, legal shared and hosted, the rest done by the body itself."""
    bought = {"choice": "buy", "model": "contracted", "supplier": CSS, "nhs_support": True}
    shared = {"choice": "share", "model": "hosted", "structure": 3, "partners": ["10Y"], "hosts": True}
    own = {"payroll": bought, "it": bought, "legal": shared}
    return [{"function": one} | own.get(one, {"choice": "do"}) for one in functions]


async def submit(platform: Platform, chosen: list[dict[str, Any]], on: str, expect: int = 201) -> Any:
    body = {"effective_on": on, "decisions": chosen, "reported_to": SHA}
    return await platform.call(
        "POST", "contracts", f"/sourcing/{CCG}", Role.CONTRACT_LEAD, organisations=(CCG,), expect=expect, json=body
    )


async def findings(platform: Platform, kind: str, by: str = CCG, **asked: str) -> list[dict[str, Any]]:
    found = await platform.call(
        "GET", "contracts", "/findings", Role.PARTNER, organisations=(by,), params={"kind": kind} | asked
    )
    return list(found["items"])


@pytest.mark.parametrize(
    ("submitted_on", "late", "signed_on"), [("2012-02-29", 29, "2013-04-09"), ("2012-03-05", 34, "2013-06-28")]
)
async def test_s40_options_are_late_and_an_agreement_is_overdue_until_its_signature(
    platform: Platform, submitted_on: str, late: int, signed_on: str
) -> None:
    await platform.move_clocks(date(2011, 11, 1))
    proposed = a_ccg(CCG) | {"effective_on": "2011-10-01", "status": "proposed"}
    await platform.call("POST", "registry", "/organisations", Role.REGISTRAR, json=proposed)
    await platform.caught_up()
    await platform.move_clocks(date.fromisoformat(submitted_on))
    catalogue = await platform.call("GET", "contracts", "/functions", Role.PARTNER)
    functions = [one["code"] for one in catalogue["functions"] if one["code"] != "other"]
    chosen = decisions(functions)
    for refused_with in (chosen[1:], [{"function": functions[0]}, *chosen[1:]]):
        refused = await submit(platform, refused_with, submitted_on, expect=409)
        assert refused["type"].endswith("/function-unassigned")
        assert [one["message"] for one in refused["reasons"]] == ["payroll (Payroll) is not assigned"]
    taken = await submit(platform, chosen, submitted_on)
    assert (taken["late_days"], taken["unassigned"], taken["organisation"]["status"]) == (late, [], "proposed")
    [finding] = await findings(platform, "late")
    assert f"late by {late} days" in finding["text"]
    assert finding["due_on"] == "2012-01-31"
    [hosting] = await findings(platform, "host_intended", by=SHA)
    assert (hosting["about"], "legal" in hosting["text"]) == ([CCG], True)
    await platform.call("GET", "contracts", f"/sourcing/{CCG}", Role.PARTNER, organisations=("10Y",), expect=404)

    await platform.move_clocks(date(2012, 3, 31))
    assert await findings(platform, "overdue") == []
    await platform.move_clocks(date(2012, 4, 1))
    [overdue] = await findings(platform, "overdue")
    assert (overdue["due_on"], overdue["about"]) == ("2012-03-31", [CCG, CSS])

    await platform.move_clocks(date(2013, 4, 2))
    opened = {"code": CCG, "name": "NHS 10H CCG", "kind": "ccg", "effective_on": "2013-04-01"}
    await platform.call("POST", "registry", "/organisations", Role.REGISTRAR, json=opened)
    await platform.caught_up()
    await platform.move_clocks(date.fromisoformat(signed_on))
    lines = [{"function": one, "annual_pence": 1_000_000} for one in ("payroll", "it")]
    terms = a_contract(
        reference="SLA-2013", customers=[CCG], supplier=CSS, starts_on=signed_on, last_day="2015-03-31", lines=lines
    )
    await platform.call("POST", "contracts", "/contracts", Role.CONTRACT_LEAD, json=terms)
    await platform.call(
        "POST",
        "contracts",
        "/contracts/SLA-2013/signature",
        Role.CONTRACT_LEAD,
        json={},
        headers={"If-Match": '"1"'},
        organisations=(CCG,),
    )
    await platform.move_clocks(date.fromordinal(date.fromisoformat(signed_on).toordinal() + 3))
    assert await findings(platform, "overdue") == []
    before = date.fromordinal(date.fromisoformat(signed_on).toordinal() - 1).isoformat()
    [was] = await findings(platform, "overdue", as_at=before)
    assert was["finding"] == overdue["finding"]
    shown = await platform.call(
        "GET", "contracts", f"/sourcing/{CCG}", Role.PARTNER, organisations=(CCG,), params={"as_at": "2012-06-01"}
    )
    agreements = {one["function"]: one["agreement"] for one in shown["functions"] if one["agreement"]}
    assert set(agreements) == {"payroll", "it"}
    assert agreements["it"]["overdue_from"] == "2012-04-01"

    await platform.caught_up()
    feed = await platform.call("GET", "contracts", "/events", Role.PARTNER, params={"after": 0, "limit": 500})
    told = [item["event"]["data"] for item in feed["items"] if ".SourcingDecided.v" in item["event"]["type"]]
    assert {one["function"]: one["choice"] for one in told} == {one["function"]: one["choice"] for one in chosen}
    assert {one["late_days"] for one in told} == {late}
    [cleared] = [i["event"]["data"] for i in feed["items"] if ".ContractFindingCleared.v" in i["event"]["type"]]
    assert (cleared["effective_on"], cleared["kind"], cleared["reason"]) == (signed_on, "overdue", "signed")
