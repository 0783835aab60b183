"""S05, the plan: a recently signed contract keeps a shared service waiting, or is paid for; no day moves by itself.

And a whole plan, from its draft to the consolidated service, each step by its own caller, with what each pays.
"""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.ballots import approve
from tests.support.builders import a_ccg, a_contract
from tests.support.platform import Platform

Answer = dict[str, Any]


async def contracts(platform: Platform, by: str, method: str, path: str, **request: Any) -> Answer:
    """One body's contract lead calls contracts."""
    organisations = tuple(by.split())
    answer: Answer = await platform.call(
        method, "contracts", path, Role.CONTRACT_LEAD, organisations=organisations, **request
    )
    return answer


async def act(platform: Platform, by: str, plan: str, path: str, revision: int, **body: Any) -> Answer:
    """A member does something about the plan as of its revision."""
    expect = body.pop("expect", (200, 201))
    headers = {"If-Match": f'"{revision}"'}
    path = f"/consolidations/{plan}/{path}"
    return await contracts(platform, by, "POST", path, json=body, headers=headers, expect=expect)


async def signed(platform: Platform, reference: str, customer: str, **terms: Any) -> None:
    """A contract, signed by its customer."""
    body = a_contract(reference=reference, customers=[customer], **terms)
    draft = await contracts(
        platform, customer, "POST", "/contracts", json={name: one for name, one in body.items() if one is not None}
    )
    headers = {"If-Match": f'"{draft["version"]}"'}
    await contracts(platform, customer, "POST", f"/contracts/{reference}/signature", json={}, headers=headers)


def a_plan(plan: str, members: list[str], contract: str, starts_on: str, annual_pence: int = 24_000_000) -> Answer:
    return {
        "plan": plan,
        "reference": f"SHARED-{plan}",
        "title": "Shared payroll",
        "supplier": "0DF",
        "starts_on": starts_on,
        "last_day": "2023-03-31",
        "notice_months": 6,
        "lines": [{"function": "payroll", "annual_pence": annual_pence}],
        "value_basis": "illustrative",
        "proposed_by": members[0],
        "members": [{"organisation": code} for code in members],
        "contracts": [contract],
    }


async def open_ccgs(platform: Platform, *codes: str) -> None:
    await platform.move_clocks(date(2013, 4, 1))
    bodies = {"organisations": [a_ccg(code) for code in codes]}
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json=bodies)
    await platform.caught_up()


FIGURES = [
    pytest.param(
        *(date(2016, 3, 1), "2016-04-01", 24, 6, date(2016, 11, 21), "2017-01-01"),
        {"earliest_exit_on": "2018-03-31", "notice_by": "2017-09-30", "waits_until": "2018-04-01", "delay_months": 15},
        id="S05",
    ),
    pytest.param(
        *(date(2015, 9, 1), "2015-10-01", 36, 12, date(2017, 2, 10), "2017-04-01"),
        {"earliest_exit_on": "2018-09-30", "notice_by": "2017-09-30", "waits_until": "2018-10-01", "delay_months": 18},
        id="second set",
    ),
]


@pytest.mark.parametrize(("signed_on", "starts_on", "minimum", "notice", "asked_on", "wanted", "expected"), FIGURES)
async def test_s05_a_recently_signed_contract_waits_or_is_paid_for(
    platform: Platform,
    signed_on: date,
    starts_on: str,
    minimum: int,
    notice: int,
    asked_on: date,
    wanted: str,
    expected: Answer,
) -> None:
    await open_ccgs(platform, "10H", "10Y")
    await platform.move_clocks(signed_on)
    terms: Answer = {"starts_on": starts_on, "notice_months": notice, "last_day": None}
    terms["exit_terms"] = {"open_ended": True, "minimum_months": minimum}
    await signed(platform, "CSU-10H", "10H", **terms)
    priced = {"payment_share": "3/10", "breakage": [], "dual_running_months": 0, "reprocurement_pence": 2_000_000}
    priced |= {"stranded_pence": [0], "redundancy_pence": 0}
    terms["exit_terms"] |= priced
    await signed(platform, "CSU-10Y", "10Y", **terms)
    await platform.move_clocks(asked_on)
    await contracts(
        platform, "10H", "POST", "/consolidations", json=a_plan("PLAN-S05", ["10H", "10Y"], "CSU-10H", wanted)
    )
    await act(platform, "10Y", "PLAN-S05", "members/10Y/acceptance", 1, minute="GB/1", contracts=["CSU-10Y"])
    seen = await contracts(platform, "10Y", "GET", "/consolidations/PLAN-S05/feasibility")
    unpriced, priced = seen["contracts"]
    assert {name: unpriced[name] for name in expected} == expected
    assert unpriced["price_pence"] is None
    assert "contractual_payment" in unpriced["unpriced"]
    assert priced["price_pence"] > 2_000_000
    assert priced["unpriced"] == []
    assert (seen["is_free"], seen["go_live_on"]) == (False, wanted)
    refused = await act(platform, "10H", "PLAN-S05", "feasibility", 2, expect=409)
    assert len(refused["reasons"]) == 2
    assert f"{expected['delay_months']} months later, or pay (unpriced: contractual_payment" in refused["detail"]
    choices = [{"contract": "CSU-10H", "choice": "wait"}, {"contract": "CSU-10Y", "choice": "pay"}]
    plan = await act(platform, "10H", "PLAN-S05", "feasibility", 2, choices=choices)
    assert (plan["state"], plan["go_live_on"]) == ("feasible", wanted)
    steps = (await contracts(platform, "10Y", "GET", "/consolidations/PLAN-S05/steps"))["steps"]
    assert [(step["move_on"], step["price_pence"]) for step in steps] == [
        (expected["waits_until"], 0),
        (wanted, priced["price_pence"]),
    ]


async def charged(platform: Platform, code: str, year: str) -> int:
    """What a body is charged for support in a year."""
    found: Answer = await platform.call("GET", "finance", f"/allowances/{code}/{year}")
    return int(found["support_charges"]["amount_pence"])


async def test_a_plan_lives_from_its_draft_to_the_consolidated_service(platform: Platform) -> None:
    await open_ccgs(platform, "05C", "05L", "05Y", "06A")
    await platform.move_clocks(date(2017, 2, 1))
    for code, months in (("05C", 6), ("05L", 12), ("05Y", 6), ("06A", 6)):
        await signed(platform, f"PAYROLL-{code}", code, notice_months=months)
        stated = {"population": 300_000, "source": "a test"}
        await platform.call("PUT", "finance", f"/organisations/{code}/populations/2018-19", json=stated)
    await platform.move_clocks(date(2017, 6, 1))
    await contracts(
        platform,
        *("05C", "POST", "/consolidations"),
        json=a_plan("PLAN-BC", ["05C", "05L", "05Y", "06A"], "PAYROLL-05C", "2018-04-01"),
    )
    await contracts(platform, "0CX", "GET", "/consolidations/PLAN-BC", expect=404)
    for revision, code in enumerate(("05L", "05Y", "06A"), 1):
        brought = {"minute": f"{code}/1", "contracts": [f"PAYROLL-{code}"]}
        await act(platform, code, "PLAN-BC", f"members/{code}/acceptance", revision, **brought)
    waits = [{"contract": "PAYROLL-05L", "choice": "wait"}]
    plan = await act(platform, "05L", "PLAN-BC", "feasibility", 4, choices=waits)
    assert (plan["revision"], plan["state"]) == (5, "feasible")
    await act(platform, "05Y", "PLAN-BC", "submission", 5)
    for code in ("05C", "05L", "05Y", "06A"):
        await act(platform, code, "PLAN-BC", f"members/{code}/acceptance", 5, minute=f"{code}/2")
    plan = await act(platform, "06A", "PLAN-BC", "members/06A/withdrawal", 5)
    assert (plan["state"], plan["revision"]) == ("submitted", 6)
    assert [member["share"] for member in plan["members"]] == ["1/3", "1/3", "1/3"]
    await act(platform, "05C", "PLAN-BC", "commitment", 6, expect=409)
    await act(platform, "05C", "PLAN-BC", "members/05C/acceptance", 5, minute="05C/3", expect=412)
    await act(platform, "05C", "PLAN-BC", "members/05C/acceptance", 6, minute="05C/3")
    await approve(platform, "PLAN-BC", ("05C", "05L", "05Y"), on=date(2017, 6, 1))
    plan = await act(platform, "05L", "PLAN-BC", "commitment", 6)
    assert plan["state"] == "committed"
    await act(platform, "05C", "PLAN-BC", "members/05C/withdrawal", 6, expect=409)
    await platform.move_clocks(date(2018, 4, 1))
    assert (await contracts(platform, "05Y", "GET", "/consolidations/PLAN-BC"))["state"] == "moving"
    await platform.move_clocks(date(2018, 6, 2))
    assert (await contracts(platform, "05Y", "GET", "/consolidations/PLAN-BC"))["state"] == "consolidated"
    shared = await contracts(platform, "05L", "GET", "/contracts/SHARED-PLAN-BC")
    assert [customer["code"] for customer in shared["customers"]] == ["05C", "05L", "05Y"]
    assert (await contracts(platform, "06A", "GET", "/contracts/PAYROLL-06A"))["status"] == "active"
    feed = await platform.call("GET", "contracts", "/events", Role.PARTNER, params={"after": 0, "limit": 500})
    told = [item["event"]["type"].split(".")[-2] for item in feed["items"]]
    assert told.count("ContractTerminated") == 3
    assert [name for name in told if name in {"ConsolidationAgreed", "ContractVaried", "ServiceConsolidated"}] == [
        *("ConsolidationAgreed", "ContractVaried", "ServiceConsolidated"),
    ]
    # A third of £240,000.00 each; Dudley from April, Sandwell from 2 June: 303 of 365 days, and its old one before.
    await platform.caught_up()
    assert await charged(platform, "05C", "2018-19") == 8_000_000
    assert await charged(platform, "05L", "2018-19") == round(8_000_000 * 303 / 365) + round(15_000_001 * 62 / 365)
    assert await charged(platform, "06A", "2018-19") == 15_000_001
