"""S44 and S21: the same criteria for every owner, a stop with its customers' days, and who could step in."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.scenarios.test_s17_s18_market import BOARD, HOSTED
from tests.scenarios.test_s19_a_supplier_is_acquired import published, state
from tests.support.builders import a_ccg, a_contract
from tests.support.platform import Platform

CRITERIA = ("leadership", "customer", "business", "delivery")
PASSED = dict.fromkeys(CRITERIA, "met")
STANDARDS = {
    "payroll": ["paid_on_time", "errors_below_bound", "pension_returns"],
    "it": ["information_governance"],
}


@dataclass(frozen=True)
class Stops:
    """Two suppliers that are to stop: their customers, what these pay, the criterion, and by when each replaces it."""

    suppliers: tuple[str, str]
    customers: tuple[str, str, str]
    annual_pence: tuple[int, int]
    criterion: str
    last_days: tuple[str, str]
    framework: tuple[str, str]
    procurement: tuple[str, str]


async def assess(platform: Platform, code: str, on: str, expect: int = 201, by: str = "*", **body: Any) -> Any:
    role = Role.NHS_ENGLAND if by == "*" else Role.CONTRACT_LEAD
    path, body = f"/suppliers/{code}/assessments", {"assessed_on": on} | body
    return await platform.call("POST", "contracts", path, role, organisations=(by,), expect=expect, json=body)


async def ask(platform: Platform, path: str, *organisations: str, expect: int = 200, **asked: Any) -> Any:
    return await platform.call(
        "GET", "contracts", path, Role.PARTNER, organisations=organisations, params=asked, expect=expect
    )


async def with_contracts(
    platform: Platform,
    suppliers: tuple[str, str] = ("0CX", "0DJ"),
    customers: tuple[str, str, str] = ("05C", "05L", "05Y"),
    annual_pence: tuple[int, int] = (10_000_000, 20_000_000),
) -> None:
    """Contracts of the first two customers with the first supplier, of the third with the second."""
    ccgs = [a_ccg(code) for code in customers]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": ccgs})
    await platform.caught_up()
    functions = ("payroll", "it")
    lines = [
        {"function": function, "annual_pence": pence} for function, pence in zip(functions, annual_pence, strict=True)
    ]
    for number, (customer, supplier) in enumerate(zip(customers, (suppliers[0], *suppliers), strict=True)):
        terms = a_contract(
            reference=f"CSU-S44-{number}",
            supplier=supplier,
            customers=[customer],
            starts_on="2014-04-01",
            last_day="2018-03-31",
            lines=lines,
        )
        await platform.call("POST", "contracts", "/contracts", Role.CONTRACT_LEAD, json=terms)
        path, headers = f"/contracts/CSU-S44-{number}/signature", {"If-Match": '"1"'}
        await platform.call(
            "POST", "contracts", path, Role.CONTRACT_LEAD, json={}, headers=headers, organisations=(customer,)
        )


@pytest.mark.parametrize(
    "seen",
    [
        Stops(
            ("0CX", "0DJ"),
            ("05C", "05L", "05Y"),
            (10_000_000, 20_000_000),
            "delivery",
            ("2016-03-31", "2016-05-31"),
            ("2015-12-31", "2016-02-29"),
            ("2015-06-30", "2015-08-31"),
        ),
        Stops(
            ("0DN", "0AK"),
            ("10H", "10Y", "06H"),
            (3_700_001, 12_345_678),
            "leadership",
            ("2015-11-30", "2016-01-15"),
            ("2015-08-30", "2015-10-15"),
            ("2015-02-28", "2015-04-15"),
        ),
    ],
    ids=["delivery", "leadership"],
)
async def test_s44_the_same_evidence_has_the_same_outcome_and_a_stop_names_each_customer(
    platform: Platform, seen: Stops
) -> None:
    await platform.move_clocks(date(2014, 2, 3))
    first, second = seen.suppliers
    customer, beside, other = seen.customers
    await with_contracts(platform, seen.suppliers, seen.customers, seen.annual_pence)
    await state(platform, first, **HOSTED)
    await state(platform, "CAPITA", effective_on="2013-04-01", owner_sector="private", scope="end_to_end")
    refused = await assess(platform, first, "2014-05-01", 403, by=first, results=PASSED)
    assert refused["type"].endswith("/role-missing")
    refused = await assess(platform, first, "2014-05-01", 409, results={"leadership": "met", "charm": "met"})
    assert [one["field"] for one in refused["reasons"]] == ["results.charm", *["results"] * 3]
    refused = await assess(platform, first, "2014-05-01", 409, results=PASSED, last_day="2016-03-31")
    assert refused["type"].endswith("/last-day-amiss")
    await platform.move_clocks(date(2014, 5, 1))
    for results, outcome in ((PASSED, "proceed"), (PASSED | {"business": "at_risk"}, "manage")):
        hosted, commercial = [await assess(platform, code, "2014-05-01", results=results) for code in (first, "CAPITA")]
        assert [one["outcome"] for one in (hosted, commercial)] == [outcome, outcome]
        assert hosted["criteria"] == commercial["criteria"]

    # A pass says nothing of viability: customers and costs alone do.
    assert (await ask(platform, f"/suppliers/{first}/viability", first))["is_viable"] is None
    income = 2 * sum(seen.annual_pence)
    costs = {
        "effective_on": "2014-04-01",
        "fixed_pence": income,
        "per_head_pence": 0,
        "heads": 1,
        "basis": "stated",
    }
    for fixed, margin in ((income, 0), (income + 1, -1)):
        body = costs | {"fixed_pence": fixed}
        await platform.call(
            "POST", "contracts", f"/suppliers/{first}/costs", Role.CONTRACT_LEAD, json=body, organisations=(first,)
        )
        year = await ask(platform, f"/suppliers/{first}/viability", first)
        assert (year["income_pence"], year["margin_pence"], year["is_viable"]) == (income, margin, margin >= 0)
    assert (await ask(platform, f"/suppliers/{first}/viability", customer))["income_pence"] is None

    await platform.move_clocks(date(2015, 2, 2))
    failed = PASSED | {seen.criterion: "not_met"}
    customers_of = {first: [customer, beside], second: [other]}
    days = zip(seen.suppliers, seen.last_days, seen.framework, seen.procurement, strict=True)
    for code, last_day, framework, procurement in days:
        deadlines, customers = {"framework": framework, "procurement": procurement}, sorted(customers_of[code])
        stopped = await assess(platform, code, "2015-02-02", results=failed, last_day=last_day)
        assert stopped["outcome"] == "stop"
        assert {one["route"]: one["begin_by"] for one in stopped["replace_by"]} == deadlines
        assert stopped["customers"] == customers
        for each in customers:
            asked: dict[str, Any] = {"kind": "replacement_due", "about": code}
            found = (await ask(platform, "/findings", each, **asked))["items"]
            assert sorted(one["due_on"] for one in found) == sorted(deadlines.values())
            assert all(one["about"] == [code, each] for one in found)
    assert (await ask(platform, f"/suppliers/{first}/assessments", customer))["customers"] == [customer]
    assert (await ask(platform, f"/suppliers/{first}/assessments", as_at="2014-12-31"))["outcome"] == "manage"
    told = (await published(platform, "SupplierAssessed"))[-1]
    assert (told["supplier"], told["customers"], told["stop_on"]) == (second, [other], seen.last_days[1])
    assert dict(zip(told["routes"], told["replace_by"], strict=True))["procurement"] == seen.procurement[1]

    # Assessed again, it stays: its customer has nothing to replace.
    await platform.move_clocks(date(2015, 3, 2))
    await assess(platform, second, "2015-03-02", results=PASSED)
    await platform.move_clocks(date(2015, 3, 3))
    assert (await ask(platform, "/findings", other, kind="replacement_due"))["items"] == []
    assert len((await ask(platform, "/findings", customer, kind="replacement_due"))["items"]) == 2
    # A stop of before that is stated late is history.
    late = await assess(platform, second, "2015-02-10", results=failed, last_day=seen.last_days[1])
    assert late["outcome"] == "stop"
    assert (await ask(platform, "/findings", other, kind="replacement_due"))["items"] == []


@dataclass(frozen=True)
class Net:
    """Who could step in: a function, the one that no supplier offers, regions, and suppliers by what they are."""

    function: str
    uncovered: str
    near: str
    far: str
    nowhere: str
    suppliers: tuple[str, ...]
    """Far, near, below the standard, closing, passed to another host, with an offer that ends, of no known host."""


@pytest.mark.parametrize(
    "seen",
    [
        Net("payroll", "it", "Y54", "Y56", "Y57", ("0AA", "0BB", "0CC", "0EE", "0FF", "0GG", "0HH")),
        Net("it", "payroll", "Y58", "Y55", "Y54", ("0ZA", "0DB", "0DC", "0DE", "0DF", "0DG", "0DH")),
    ],
    ids=["payroll", "it"],
)
async def test_s21_hosted_units_step_in_by_function_region_and_standard(platform: Platform, seen: Net) -> None:
    await platform.move_clocks(date(2014, 2, 3))
    await with_contracts(platform)
    standard = STANDARDS[seen.function]
    far, near, below, closing, passed, ending, _ = seen.suppliers

    async def offer(code: str, expect: int = 201, by: str | None = None, **body: Any) -> Any:
        whole = {"effective_on": "2014-04-01", "functions": {seen.function: standard}, "commissioners": ["05C"]} | body
        path = f"/suppliers/{code}/offers"
        organisations = (by or code,)
        return await platform.call(
            "POST", "contracts", path, Role.CONTRACT_LEAD, organisations=organisations, json=whole, expect=expect
        )

    for code in seen.suppliers[:-1]:
        await state(platform, code, **HOSTED)
    await offer(far, regions=[seen.far])
    await offer(below, regions=[seen.near], functions={seen.function: standard[:-1]})
    for code in (near, closing, passed):
        await offer(code, regions=[seen.near])
    await offer(ending, regions=[seen.near], until="2014-09-30")
    await offer(seen.suppliers[-1])
    await state(platform, closing, effective_on="2014-09-01", state="closing")
    await state(platform, passed, effective_on="2014-10-01", host="RXX")
    refused = await offer(far, 403, by="05C")
    assert refused["type"].endswith("/not-yours-to-decide")
    refused = await offer(far, 409, functions={seen.function: ["charm"], "conjuring": []})
    assert [one["field"] for one in refused["reasons"]] == ["functions.conjuring", f"functions.{seen.function}"]
    refused = await offer(far, 422, commissioners=[])
    assert "name for whom it is offered" in refused["reasons"][0]["message"]

    await platform.move_clocks(date(2014, 8, 1))
    asked: dict[str, Any] = {"customer": "05C", "supplier": "0CX", "region": seen.near, "starts_on": "2014-10-01"}
    net = await ask(platform, "/safety-net", "05C", **asked)
    assert (net["contracts"], net["uncovered"], net["rule_packs"]) == (
        ["CSU-S44-0"],
        [seen.uncovered],
        ["minimum-standard-2011"],
    )

    def found_for(answer: Any) -> Any:
        return next(one for one in answer["functions"] if one["function"] == seen.function)

    offered = found_for(net)["offered_by"]
    assert [(one["supplier"]["code"], one["is_same_region"]) for one in offered] == [
        (near, True),
        (passed, True),
        (far, False),
    ]
    assert [(one["supplier"]["code"], one["below"]) for one in found_for(net)["excluded"]] == [
        (below, standard[-1:]),
        (closing, []),
        (ending, []),
    ]
    # Before one closes it could begin, and another while it offers; on a later day the third is not the Board's.
    sooner = await ask(platform, "/safety-net", "05C", **asked | {"starts_on": "2014-08-01"})
    assert {closing, ending} < {one["supplier"]["code"] for one in found_for(sooner)["offered_by"]}
    later = await ask(platform, "/safety-net", "05C", **asked | {"as_at": "2014-10-01"})
    assert passed not in {one["supplier"]["code"] for one in found_for(later)["offered_by"]}
    # Another commissioner, which none of them names, elsewhere; and one that sees no contract of 05C.
    other = await ask(platform, "/safety-net", "05Y", customer="05Y", function=seen.function, region=seen.far)
    assert [one["supplier"]["code"] for one in other["functions"][0]["offered_by"]] == [far]
    assert (await ask(platform, "/safety-net", "05Y", **asked))["functions"] == []
    await offer(near, effective_on="2014-08-02", functions={})
    nothing = await ask(platform, f"/suppliers/{near}/offers", as_at="2014-08-02", expect=404)
    assert nothing["type"].endswith("/offer-not-found")
    assert (await ask(platform, f"/suppliers/{near}/offers", as_at="2014-08-01"))["regions"] == [seen.near]
    assert BOARD not in {one["supplier"]["code"] for one in offered}
    # What is stated late of an earlier day lasts until the offer that was stated of a later one.
    await offer(far, effective_on="2014-07-01", regions=[seen.near])
    await offer(far, effective_on="2014-05-01", regions=[seen.nowhere])
    regions = [
        (await ask(platform, f"/suppliers/{far}/offers", as_at=day))["regions"]
        for day in ("2014-04-30", "2014-05-01", "2014-07-01")
    ]
    assert regions == [[seen.far], [seen.nowhere], [seen.near]]
    # As does that there is none from a later day.
    await offer(near, effective_on="2014-06-01", regions=[seen.nowhere])
    assert (await ask(platform, f"/suppliers/{near}/offers", as_at="2014-08-01"))["regions"] == [seen.nowhere]
    nothing = await ask(platform, f"/suppliers/{near}/offers", as_at="2014-08-02", expect=404)
    assert nothing["type"].endswith("/offer-not-found")
