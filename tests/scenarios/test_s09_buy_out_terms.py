"""S09, the part of contracts: the terms of a PFI's buy-out, the missing right, and methods that are refused."""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.builders import a_ccg, a_contract
from tests.support.platform import Platform

REFERENCE = "PFI-HEXHAM-2001"
PATH = f"/contracts/{REFERENCE}/buy-out-terms"
GOLDEN = {
    "kind": "pfi",
    "voluntary_right": True,
    "equity_methods": ["discounted_distributions"],
    "debt_pence": 4_000_000_000,
    "swap_break_pence": 350_000_000,
    "redundancy_pence": 120_000_000,
    "subcontract_pence": 60_000_000,
    "distributions_pence": [200_000_000] * 5,
    "irr": "0.12",
    "balances_pence": 200_000_000,
    "other_pence": 0,
    "tax_gross_up_pence": 0,
    "unitary_charge_pence": 800_000_000,
}
HEXHAM = {
    "kind": "pfi",
    "voluntary_right": True,
    "equity_methods": ["market_value"],
    "debt_pence": 5_180_000_000,
    "swap_break_pence": 2_700_000_000,
    "redundancy_pence": 0,
    "subcontract_pence": 20_000_000,
    "equity_value_pence": 1_450_000_000,
    "balances_pence": 550_000_000,
    "other_pence": 100_000_000,
    "tax_gross_up_pence": 1_820_000_000,
    "unitary_charge_pence": 800_000_000,
}
"""£107.2m together: BMJ 2015."""


async def call(platform: Platform, method: str, **request: Any) -> Any:
    path = request.pop("path", PATH)
    return await platform.call(method, "contracts", path, Role.CONTRACT_LEAD, organisations=("00L",), **request)


@pytest.fixture
async def hexham(platform: Platform) -> Platform:
    """A contract that runs in 2014."""
    await platform.move_clocks(date(2014, 1, 1))
    await platform.call("POST", "registry", "/organisations", Role.REGISTRAR, json=a_ccg("00L"))
    await platform.caught_up()
    contract = a_contract(
        reference=REFERENCE, customers=["00L"], supplier="PFICO", starts_on="2013-04-01", last_day="2033-03-31"
    )
    paper = {"signed_on": "2013-04-01", "document": "Deed of 1 April 2013"}
    await call(platform, "POST", path="/contracts", json=contract)
    await call(platform, "POST", path=f"/contracts/{REFERENCE}/signature", json=paper, headers={"If-Match": '"1"'})
    return platform


async def test_s09_the_terms_of_a_buy_out_and_the_missing_right(hexham: Platform) -> None:
    refused = await call(hexham, "GET", expect=404)
    assert refused["type"].endswith("/buy-out-terms-not-found")
    without = {"kind": "pfi", "voluntary_right": False, "unitary_charge_pence": 800_000_000}
    shown = await call(hexham, "PUT", json=without)
    assert (shown["buy_out"], shown["terms"]) == ("not available", None)
    for terms, distributions, irr in ((GOLDEN, [200_000_000] * 5, "3/25"), (HEXHAM, [1_450_000_000], "")):
        shown = await call(hexham, "PUT", json=terms)
        assert (shown["buy_out"], shown["term_ends_on"]) == ("available", "2033-03-31")
        assert (shown["terms"]["distributions_pence"], shown["terms"]["irr"]) == (distributions, irr)
        for name in ("debt_pence", "swap_break_pence", "balances_pence", "tax_gross_up_pence"):
            assert shown["terms"][name] == terms.get(name, 0)

    await hexham.caught_up()
    feed = await hexham.call("GET", "contracts", "/events", Role.PARTNER, params={"limit": 500})
    told = [one["event"]["data"] for one in feed["items"] if ".BuyOutTermsStated.v" in one["event"]["type"]]
    assert [one["voluntary_right"] for one in told] == [False, True, True]
    assert (told[0]["equity_method"], told[0]["debt_pence"], told[1]["irr"]) == ("", 0, "3/25")
    last = told[2]
    added = ("debt_pence", "swap_break_pence", "subcontract_pence", "other_pence", "tax_gross_up_pence")
    assert (
        sum(last[name] for name in added) + sum(last["distributions_pence"]) - last["balances_pence"] == 10_720_000_000
    )


async def test_s09_no_method_two_methods_and_the_higher_of_two_are_refused(hexham: Platform) -> None:
    for methods in ([], ["market_value", "base_case_irr"], ["higher_of"]):
        refused = await call(hexham, "PUT", json=GOLDEN | {"equity_methods": methods}, expect=409)
        assert refused["type"].endswith("/equity-method-ambiguous")
    refused = await call(hexham, "PUT", json=HEXHAM | {"equity_value_pence": None}, expect=409)
    assert refused["type"].endswith("/buy-out-term-missing")
    refused = await call(hexham, "PUT", json=GOLDEN | {"voluntary_right": False}, expect=409)
    assert refused["type"].endswith("/no-voluntary-right")
    assert {"debt_pence", "irr", "equity_methods"} <= {reason["field"] for reason in refused["reasons"]}
    stranger = await hexham.call(
        "GET", "contracts", PATH, Role.CONTRACT_LEAD, organisations=("10H",), params={"as_at": "2014-01-01"}, expect=404
    )
    assert stranger["type"].endswith("/contract-not-found")
