"""S09 and S10 in finance: a buy-out by component, weighed against a saving that says whether it is gross."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from libs.common.identity import Role
from tests.scenarios.test_s09_buy_out_terms import GOLDEN, HEXHAM, REFERENCE, hexham
from tests.scenarios.test_s09_buy_out_terms import call as contracts
from tests.support.platform import Platform

__all__ = ["hexham"]

BUY_OUT = f"/buy-outs/{REFERENCE}"
OTHER = GOLDEN | {
    "debt_pence": 1_234_567_891,
    "swap_break_pence": -98_765_432,
    "distributions_pence": [31_000_007, 0, 45_000_001],
    "irr": "0.085",
    "balances_pence": 7_654_321,
}


ELSEWHERE = HEXHAM | {
    "debt_pence": 1_700_000_003,
    "swap_break_pence": 99_999_999,
    "subcontract_pence": 1,
    "equity_value_pence": 412_345_678,
    "balances_pence": 87_654_321,
    "other_pence": 3_000_001,
    "tax_gross_up_pence": 640_000_007,
}


async def call(platform: Platform, method: str, path: str = BUY_OUT, *codes: str, **request: Any) -> Any:
    return await platform.call(method, "finance", path, Role.FINANCE_LEAD, organisations=codes or ("00L",), **request)


def by_hand(terms: dict[str, Any], saving: int, years: int) -> tuple[int, int, int]:
    """The sum, the saving's present value and the break-even saving, in pence, by fractions alone."""
    equity = Fraction(0)
    for distribution in reversed(terms["distributions_pence"]):
        equity = (equity + distribution) / (1 + Fraction(terms["irr"]))
    names = ("debt_pence", "swap_break_pence", "redundancy_pence", "subcontract_pence")
    price = equity + sum(terms[name] for name in names) - terms["balances_pence"]
    annuity = sum(Fraction(200, 207) ** year for year in range(1, years + 1))
    return round(price), round(saving * annuity), round(price / annuity)


@pytest.mark.parametrize(
    ("terms", "savings", "years"),
    [(GOLDEN, {390_000_000: "reject", 520_000_000: "accept"}, 15), (OTHER, {70_000_003: "reject", 10**9: "accept"}, 9)],
    ids=["the golden figures", "a second set"],
)
async def test_s09_a_buy_out_is_priced_by_component_and_weighed(
    hexham: Platform, terms: dict[str, Any], savings: dict[int, str], years: int
) -> None:
    missing = await call(hexham, "GET", expect=404)
    assert missing["type"].endswith("/buy-out-not-found")
    await contracts(hexham, "PUT", json=terms)
    await hexham.caught_up()
    shown = await call(hexham, "GET")
    price, _, break_even = by_hand(terms, 0, years)
    assert (shown["buy_out"], shown["total_pence"]) == ("available", price)
    assert sum(line["amount_pence"] for line in shown["components"]) == price
    if terms is GOLDEN:
        equity = next(line for line in shown["components"] if line["component"] == "equity")
        assert (equity["amount_pence"] // 100, price // 100, break_even // 100) == (7_209_552, 50_509_552, 4_385_495)
    for saving, verdict in savings.items():
        said = {"saving_pence": saving, "basis": "gross", "last_year": years}
        weighed = await call(hexham, "PUT", f"{BUY_OUT}/saving", json=said)
        assert (weighed["verdict"], weighed["gross_saving_pv_pence"]) == (verdict, by_hand(terms, saving, years)[1])
        assert (weighed["break_even_pence"], weighed["pack"]) == (break_even, "green-book-2022-standard")
        assert await call(hexham, "GET", f"{BUY_OUT}/appraisal") == weighed
    # The supplier reads the sum, which is its own too, and nothing of what leaving is worth to its customer.
    assert (await call(hexham, "GET", BUY_OUT, "PFICO"))["total_pence"] == price
    refused = await call(hexham, "GET", f"{BUY_OUT}/appraisal", "PFICO", expect=404)
    assert refused["type"].endswith("/saving-not-found")
    refused = await call(hexham, "GET", BUY_OUT, "10H", expect=404)
    assert refused["type"].endswith("/buy-out-not-found")
    await without_the_right(hexham)


async def without_the_right(platform: Platform) -> None:
    """From the next day on the contract is found to give no right: no number any more, and what was known stays."""
    was = await call(platform, "GET")
    await platform.move_clocks(date(2014, 1, 2))
    none = {"kind": "pfi", "voluntary_right": False, "unitary_charge_pence": 800_000_000}
    await contracts(platform, "PUT", json=none)
    await platform.caught_up()
    shown = await call(platform, "GET")
    assert (shown["buy_out"], shown["total_pence"], shown["components"]) == ("not available", None, [])
    refused = await call(platform, "GET", f"{BUY_OUT}/appraisal", expect=409)
    assert refused["type"].endswith("/buy-out-not-available")
    asked = {"as_at": "2014-01-02", "as_known": "2014-01-01"}
    assert (await call(platform, "GET", params=asked))["total_pence"] == was["total_pence"]
    listed = await call(platform, "GET", "/buy-outs")
    assert [(one["contract"], one["buy_out"]) for one in listed["items"]] == [(REFERENCE, "not available")]


@pytest.mark.parametrize(
    ("terms", "total", "paid"),
    [(HEXHAM, 10_720_000_000, 11_420_000_000), (ELSEWHERE, 2_767_691_368, 2_767_691_367)],
    ids=["the published figures", "a second set"],
)
async def test_s10_hexham_by_component_and_a_saving_that_must_say_what_it_is(
    hexham: Platform, terms: dict[str, Any], total: int, paid: int
) -> None:
    await contracts(hexham, "PUT", json=terms)
    await hexham.caught_up()
    shown = await call(hexham, "GET")
    assert {line["component"]: line["amount_pence"] for line in shown["components"]} == {
        "debt": terms["debt_pence"],
        "swap_break": terms["swap_break_pence"],
        "subcontract": terms["subcontract_pence"],
        "equity": terms["equity_value_pence"],
        "balances": -terms["balances_pence"],
        "other": terms["other_pence"],
        "tax_gross_up": terms["tax_gross_up_pence"],
    }
    assert shown["total_pence"] == total
    [tax] = [line for line in shown["components"] if line["component"] == "tax_gross_up"]
    assert (tax["nature"], tax["payee"]) == ("transfer", "exchequer")
    # The gross-up comes back to the public sector; society uses up the transaction alone.
    assert {one["lens"]: one["cost_pence"] for one in shown["lenses"]} == {
        "customers": total,
        "public_sector": total - terms["tax_gross_up_pence"],
        "uk_society": terms["other_pence"],
    }

    claimed = {"saving_pence": 350_000_000, "first_year": 3, "last_year": 1, "paid_pence": paid}
    refused = await call(hexham, "PUT", f"{BUY_OUT}/saving", json=claimed, expect=409)
    assert refused["type"].endswith("/saving-neither-gross-nor-net")
    assert {reason["field"] for reason in refused["reasons"]} == {"basis", "last_year"}
    claimed |= {"first_year": 1, "last_year": 19}
    net = await call(hexham, "PUT", f"{BUY_OUT}/saving", json=claimed | {"basis": "net_of_borrowing"})
    assert (net["total_pence"], net["paid_pence"], net["unexplained_pence"]) == (total, paid, paid - total)
    assert (net["verdict"], net["gross_saving_pv_pence"], net["net_present_value_pence"]) == (
        "not_comparable",
        None,
        None,
    )
    gross = await call(hexham, "PUT", f"{BUY_OUT}/saving", json=claimed | {"basis": "gross"})
    verdict = "reject" if terms is HEXHAM else "accept"
    assert (gross["verdict"], gross["unexplained_pence"]) == (verdict, paid - total)
    assert gross["gross_saving_pv_pence"] == by_hand(GOLDEN, 350_000_000, 19)[1]
    refused = await call(hexham, "PUT", f"{BUY_OUT}/saving", "PFICO", json=claimed | {"basis": "gross"}, expect=403)
    assert refused["type"].endswith("/not-yours-to-decide")
