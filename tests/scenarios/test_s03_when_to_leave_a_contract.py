"""S03, S04, S19: when it is worth leaving a contract, to whom, and what a supplier that is sold changes, as known."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from libs.common.identity import Role
from tests.finance.exits.cases import BASE, SECOND, Case, golden
from tests.scenarios.test_s05_to_s07_notice_dates import SUPPORT_UNIT, asked, opened, signed
from tests.support.platform import Platform

DAY = {"as_at": f"{BASE}-04-02"}
LENSES = ("organisation", "public_sector", "uk_society")


async def owned(platform: Platform, on: str, sector: str, owner: str) -> None:
    """The supplier states who owns it from a day on."""
    body = {"effective_on": on, "owner": owner, "owner_sector": sector}
    await platform.call("POST", "contracts", f"/suppliers/{SUPPORT_UNIT}/states", Role.NHS_ENGLAND, json=body)
    await platform.caught_up()


async def a_contract_of(platform: Platform, reference: str, case: Case) -> str:
    """The contract of a case, signed in contracts with everything that decides its exits."""
    return await signed(
        platform,
        date(BASE, 1, 10),
        reference=reference,
        starts_on=f"{BASE}-04-01",
        last_day=f"{BASE + case.term}-03-31",
        lines=[{"function": "payroll", "annual_pence": case.charge}],
        exit_terms={
            "exit_days": "year",
            "payment_share": f"{case.share.numerator}/{case.share.denominator}",
            "stranded_pence": list(case.stranded),
            "breakage": [],
            "dual_running_months": 0,
            "redundancy_pence": 0,
            "redundancy_payer": "supplier",
            "reprocurement_pence": 0,
        },
    )


async def assessed(platform: Platform, reference: str, case: Case, expect: int = 201, **more: Any) -> Any:
    """The customer's finance lead assesses it."""
    body = {
        "organisation": "10H",
        "base_year": f"{BASE}-{BASE % 100 + 1}",
        "years": case.years,
        "replacement_pence": case.replacement,
        "transition_pence": case.transition,
    }
    return await platform.call(
        "POST",
        "finance",
        f"/exit-assessments/{reference}",
        Role.FINANCE_LEAD,
        organisations=("10H",),
        json=body | more,
        expect=expect,
    )


async def read(platform: Platform, reference: str, organisation: str = "10H", **params: Any) -> Any:
    """An assessment as a party reads it."""
    expect = params.pop("expect", 200)
    return await platform.call(
        "GET",
        "finance",
        f"/exit-assessments/{reference}",
        Role.PARTNER,
        organisations=(organisation,),
        params=DAY | params,
        expect=expect,
    )


def figures(view: Any) -> dict[str, list[int]]:
    """The present cost of each exit by lens."""
    by_lens: dict[str, list[int]] = {lens: [] for lens in LENSES}
    for one in view["exits"]:
        for cost in one["costs"]:
            by_lens[cost["lens"]].append(cost["present_cost_pence"])
    return by_lens


def expected(case: Case, public_until: int) -> dict[str, list[int]]:
    """The same by arithmetic of its own, in whole pence."""
    years = range(1, case.term + 1)
    exact = {
        "organisation": [case.present_cost(year) for year in years],
        "public_sector": [case.present_cost(year, own=False, public_until=public_until) for year in years],
        "uk_society": [case.present_cost(year, own=False, public_until=99) for year in years],
    }
    return {lens: [round(cost) for cost in costs] for lens, costs in exact.items()}


def best(view: Any) -> dict[str, str]:
    return {one["lens"]: one["best_on"] for one in view["best"]}


def cheapest(costs: dict[str, list[int]]) -> dict[str, str]:
    return {lens: f"{BASE + 1 + several.index(min(several))}-04-01" for lens, several in costs.items()}


@pytest.mark.parametrize("case", [golden(), SECOND], ids=["golden 12", "second figures"])
async def test_s03_s04_s19_every_exit_through_every_lens_before_and_after_the_supplier_is_sold(
    platform: Platform, case: Case
) -> None:
    await opened(platform)
    await platform.move_clocks(date(2014, 1, 15))
    await owned(platform, "2013-04-01", "public", "13N")
    reference = await a_contract_of(platform, "PAYROLL-HALF", case)
    cheap = Case(**{**vars(case), "share": Fraction(3, 10)})
    other = await a_contract_of(platform, "PAYROLL-THIRD", cheap)
    await platform.move_clocks(date(BASE, 4, 1))

    unknown = await assessed(platform, "PAYROLL-NONE", case, expect=404)
    assert unknown["type"].endswith("/contract-not-known")
    first = await assessed(platform, reference, case)
    assert figures(first) == expected(case, 99)
    assert best(first) == cheapest(expected(case, 99))
    assert next(one["last_notice_on"] for one in first["exits"]) == f"{BASE}-09-30"
    assert all(one["unpriced"] == [] for one in first["exits"])
    assert figures(await assessed(platform, other, cheap)) == expected(cheap, 99)

    # The prices that contracts publishes for offers are those that its stated terms gave, to the penny.
    by_terms = {one["exit_on"]: {(line["component"], line["pence"]) for line in one["lines"]} for one in first["exits"]}
    for year in range(1, case.term):
        offer = {"last_day": f"{BASE + year}-03-31", "reason": "shared_service"}
        await asked(platform, reference, "terminations", offer)
    await platform.caught_up()
    priced = await read(platform, reference)
    assert [one["price_source"] == "terms" for one in priced["exits"]] == [False] * (case.term - 1) + [True]
    assert {
        one["exit_on"]: {(line["component"], line["pence"]) for line in one["lines"]} for one in priced["exits"]
    } == by_terms
    assert figures(priced) == figures(first)

    await platform.move_clocks(date(BASE, 6, 12))
    await owned(platform, f"{BASE}-04-01", "private", "CAPITA")
    sold = await read(platform, reference)
    assert figures(sold) == expected(case, 0)
    assert figures(sold)["public_sector"] == figures(sold)["organisation"]
    assert best(sold)["public_sector"] == best(sold)["organisation"]
    before = await read(platform, reference, as_known=f"{BASE}-06-11")
    assert (figures(before), before["digest"]) == (
        figures(first),
        (await read(platform, reference, as_known=f"{BASE}-06-11"))["digest"],
    )

    await platform.move_clocks(date(BASE, 6, 13))
    await owned(platform, f"{BASE}-04-01", "public", "13N")
    await owned(platform, f"{BASE + 3}-04-01", "private", "CAPITA")
    later = await read(platform, reference)
    assert figures(later) == expected(case, 3)
    sectors = await platform.call(
        "GET", "finance", f"/parties/{SUPPORT_UNIT}/sectors", params={"as_at": f"{BASE + 3}-04-01"}
    )
    assert (sectors["sector"], sectors["periods"][-1]["basis"]) == ("private", "stated")


async def test_s03_s04_golden_figures_publication_and_the_calendar(platform: Platform) -> None:
    await opened(platform)
    await platform.move_clocks(date(2014, 1, 15))
    await owned(platform, "2013-04-01", "public", "13N")
    reference = await a_contract_of(platform, "PAYROLL-2017", golden())
    await platform.move_clocks(date(BASE, 4, 1))
    view = await assessed(platform, reference, golden())
    assert [round(pence / 100) for pence in figures(view)["organisation"]] == [
        *(7_738_525, 7_584_729, 7_451_918, 7_338_848, 7_244_337),
    ]
    shares = [one["break_even_share"] for one in view["exits"]]
    assert [share and round(100 * float(share), 2) for share in shares] == [37.21, 37.85, 38.49, 39.15, None]
    assert round(view["exits"][-1]["without_transition_pence"] / 100) == 7_033_844
    assert (view["is_contested"], view["at_stake_pence"]) == (True, 100_829_740)
    compensation = view["compensation"]
    assert (round(compensation["penalty_pence"] / 100), round(compensation["supplier_gain_pence"] / 100)) == (
        *(494_188, 1_502_485),
    )
    assert compensation["suits_both"]

    # A draft is its author's alone; a published version is read by customers, never by the supplier.
    for other in (SUPPORT_UNIT, "99X"):
        hidden = await read(platform, reference, other, expect=404)
        assert hidden["type"].endswith("/exit-assessment-not-found")
    path = f"/exit-assessments/{reference}/versions/1/publication"
    for _ in range(2):
        shown = await platform.call(
            "POST", "finance", path, Role.FINANCE_LEAD, organisations=("10H",), json={"organisation": "10H"}
        )
    await platform.caught_up()
    feed = await platform.call("GET", "finance", "/events", Role.PARTNER, params={"after": 0, "limit": 500})
    [told] = [item["event"]["data"] for item in feed["items"] if ".ExitAssessed.v" in item["event"]["type"]]
    assert (told["contract"], told["version"], told["lenses"]) == (reference, 1, list(LENSES))
    assert told["pv_pence"] == [pence for lens in LENSES for pence in figures(view)[lens]]
    assert (told["at_stake_pence"], told["digest"]) == (view["at_stake_pence"], shown["digest"])

    bare = await signed(platform, date(BASE, 4, 2), reference="HR-2017", starts_on="2017-05-01", last_day="2019-03-31")
    await platform.caught_up()
    calendar = await platform.call(
        "GET",
        "finance",
        "/exit-assessments",
        organisations=("10H",),
        params={"organisation": "10H", "as_at": "2017-06-01"},
    )
    # Without an assessment it is the charges to the next exit; at half the remaining charges, to wait is best anyway.
    assert [(one["contract"], one["basis"], one["cost_of_missing_pence"]) for one in calendar["items"]] == [
        (bare, "charges", round(Fraction(150_000_01, 4))),
        (reference, "assessment", 0),
    ]
    assert calendar["items"][1]["next_notice_on"] == "2017-09-30"
    nothing = await platform.call(
        "GET", "finance", "/exit-assessments", organisations=("99X",), params={"organisation": "10H"}
    )
    assert nothing["items"] == []
