"""S15, finance's part: the tier in which contracts placed a customer is shown where its charge or exit is explained."""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.builders import a_ccg, a_contract, an_organisation
from tests.support.platform import Platform

BOUNDARIES = {
    249_999: "below_minimum",
    250_000: "cluster",
    999_999: "cluster",
    1_000_000: "scale",
    5_000_000: "scale",
    5_000_001: "national",
}
OTHERS = {74_613: "below_minimum", 262_144: "cluster", 4_321_098: "scale", 53_687_091: "national"}
TERMS: dict[str, Any] = {
    "exit_days": "year",
    "payment_share": "1/2",
    "stranded_pence": [0],
    "breakage": [],
    "dual_running_months": 0,
    "redundancy_pence": 0,
    "redundancy_payer": "supplier",
    "reprocurement_pence": 0,
}


@pytest.mark.parametrize("tiers", [BOUNDARIES, OTHERS], ids=["the scenario's", "second figures"])
async def test_s15_the_tier_of_contracts_is_shown_with_the_charge_and_the_exit(
    platform: Platform, tiers: dict[int, str]
) -> None:
    codes = {f"1{number}H": people for number, people in enumerate(tiers)}
    await platform.move_clocks(date(2013, 4, 1))
    bodies = [*(a_ccg(code) for code in codes), an_organisation("0CX", "csu")]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": bodies})
    for code, people in codes.items():
        count = {"basis": "registered", "people": people, "effective_on": "2017-04-01"}
        await platform.call("POST", "registry", f"/organisations/{code}/populations", Role.REGISTRAR, json=count)
    await platform.caught_up()
    await platform.move_clocks(date(2017, 4, 1))
    for code in codes:
        await signed(platform, code)
    await platform.caught_up()

    for code, people in codes.items():
        expected = {"payroll": tiers[people], "bi": tiers[people]}
        told = await event_of(platform, code)
        assert told["function_tiers"] == [tiers[people]] * 2
        allowance = f"/organisations/{code}/populations/2017-18"
        body = {"population": people, "source": "GP registered lists"}
        await finance(platform, "PUT", allowance, code, json=body)
        explained = await finance(platform, "GET", f"/allowances/{code}/2017-18", code)
        assert [charge["tiers"] for charge in explained["support_charges"]["items"]] == [expected]
        shares = await finance(platform, "GET", f"/cost-shares/CSU-{code}", code, params={"as_at": "2018-01-01"})
        assert shares["tiers"] == expected
    body = {"organisation": code, "base_year": "2017-18", "years": 4, "replacement_pence": 1, "transition_pence": 0}
    await finance(platform, "POST", f"/exit-assessments/CSU-{code}", code, json=body)
    exits = await finance(platform, "GET", f"/exit-assessments/CSU-{code}", code, params={"as_at": "2017-04-02"})
    assert (exits["tiers"], exits["prices_of"]) == (expected, "2017-18")


async def signed(platform: Platform, code: str) -> None:
    """A contract of one CCG for payroll and intelligence, drafted and signed."""
    draft = a_contract(reference=f"CSU-{code}", customers=[code], exit_terms=TERMS)
    made = await platform.call("POST", "contracts", "/contracts", Role.CONTRACT_LEAD, json=draft, organisations=(code,))
    await platform.call(
        "POST",
        "contracts",
        f"/contracts/CSU-{code}/signature",
        Role.CONTRACT_LEAD,
        json={},
        headers={"If-Match": f'"{made["version"]}"'},
        organisations=(code,),
    )


async def finance(platform: Platform, method: str, path: str, code: str, **more: Any) -> Any:
    return await platform.call(
        method, "finance", path, Role.FINANCE_LEAD, organisations=(code,), expect=(200, 201), **more
    )


async def event_of(platform: Platform, code: str) -> dict[str, Any]:
    """What contracts published of a signature."""
    feed = await platform.call("GET", "contracts", "/events", Role.PARTNER, params={"limit": 500})
    events = [item["event"] for item in feed["items"]]
    [signed_] = [
        one["data"] for one in events if ".ContractSigned.v" in one["type"] and one["data"]["customers"] == [code]
    ]
    return dict(signed_)
