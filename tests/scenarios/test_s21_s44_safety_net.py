"""S44 and S21: the same criteria for every owner, a stop with its customers' days, and who could step in."""

from datetime import date
from typing import Any

from libs.common.identity import Role
from tests.scenarios.test_s17_s18_market import BOARD, HOSTED
from tests.scenarios.test_s19_a_supplier_is_acquired import published, state
from tests.support.builders import a_ccg, a_contract
from tests.support.platform import Platform

CRITERIA = ("leadership", "customer", "business", "delivery")
PASSED = dict.fromkeys(CRITERIA, "met")
PAYROLL = ["paid_on_time", "errors_below_bound", "pension_returns"]


async def assess(platform: Platform, code: str, on: str, expect: int = 201, by: str = "*", **body: Any) -> Any:
    role = Role.NHS_ENGLAND if by == "*" else Role.CONTRACT_LEAD
    path, body = f"/suppliers/{code}/assessments", {"assessed_on": on} | body
    return await platform.call("POST", "contracts", path, role, organisations=(by,), expect=expect, json=body)


async def ask(platform: Platform, path: str, *organisations: str, expect: int = 200, **asked: Any) -> Any:
    return await platform.call(
        "GET", "contracts", path, Role.PARTNER, organisations=organisations, params=asked, expect=expect
    )


async def with_contracts(platform: Platform) -> None:
    """Two customers of 0CX, one of 0DJ, and the costs of 0CX."""
    ccgs = [a_ccg(code) for code in ("05C", "05L", "05Y")]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": ccgs})
    await platform.caught_up()
    for number, (customer, supplier) in enumerate((("05C", "0CX"), ("05L", "0CX"), ("05Y", "0DJ"))):
        lines = [{"function": "payroll", "annual_pence": 10_000_000}, {"function": "it", "annual_pence": 20_000_000}]
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


async def test_s44_the_same_evidence_has_the_same_outcome_and_a_stop_names_each_customer(platform: Platform) -> None:
    await platform.move_clocks(date(2014, 2, 3))
    await with_contracts(platform)
    await state(platform, "0CX", **HOSTED)
    await state(platform, "CAPITA", effective_on="2013-04-01", owner_sector="private", scope="end_to_end")
    refused = await assess(platform, "0CX", "2014-05-01", 403, by="0CX", results=PASSED)
    assert refused["type"].endswith("/role-missing")
    refused = await assess(platform, "0CX", "2014-05-01", 409, results={"leadership": "met", "charm": "met"})
    assert [one["field"] for one in refused["reasons"]] == ["results.charm", *["results"] * 3]
    refused = await assess(platform, "0CX", "2014-05-01", 409, results=PASSED, last_day="2016-03-31")
    assert refused["type"].endswith("/last-day-amiss")
    await platform.move_clocks(date(2014, 5, 1))
    for results, outcome in ((PASSED, "proceed"), (PASSED | {"business": "at_risk"}, "manage")):
        hosted, commercial = [await assess(platform, code, "2014-05-01", results=results) for code in ("0CX", "CAPITA")]
        assert [one["outcome"] for one in (hosted, commercial)] == [outcome, outcome]
        assert hosted["criteria"] == commercial["criteria"]

    # A pass says nothing of viability: customers and costs alone do.
    assert (await ask(platform, "/suppliers/0CX/viability", "0CX"))["is_viable"] is None
    costs = {
        "effective_on": "2014-04-01",
        "fixed_pence": 60_000_000,
        "per_head_pence": 0,
        "heads": 1,
        "basis": "stated",
    }
    for fixed, margin in ((60_000_000, 0), (60_000_001, -1)):
        body = costs | {"fixed_pence": fixed}
        await platform.call(
            "POST", "contracts", "/suppliers/0CX/costs", Role.CONTRACT_LEAD, json=body, organisations=("0CX",)
        )
        year = await ask(platform, "/suppliers/0CX/viability", "0CX")
        assert (year["income_pence"], year["margin_pence"], year["is_viable"]) == (60_000_000, margin, margin >= 0)
    assert (await ask(platform, "/suppliers/0CX/viability", "05C"))["income_pence"] is None

    await platform.move_clocks(date(2015, 2, 2))
    failed = PASSED | {"delivery": "not_met"}
    for code, last_day, deadlines, customers in (
        ("0CX", "2016-03-31", {"framework": "2015-12-31", "procurement": "2015-06-30"}, ["05C", "05L"]),
        ("0DJ", "2016-05-31", {"framework": "2016-02-29", "procurement": "2015-08-31"}, ["05Y"]),
    ):
        stopped = await assess(platform, code, "2015-02-02", results=failed, last_day=last_day)
        assert stopped["outcome"] == "stop"
        assert {one["route"]: one["begin_by"] for one in stopped["replace_by"]} == deadlines
        assert stopped["customers"] == customers
        for customer in customers:
            asked: dict[str, Any] = {"kind": "replacement_due", "about": code}
            found = (await ask(platform, "/findings", customer, **asked))["items"]
            assert sorted(one["due_on"] for one in found) == sorted(deadlines.values())
            assert all(one["about"] == [code, customer] for one in found)
    assert (await ask(platform, "/suppliers/0CX/assessments", "05C"))["customers"] == ["05C"]
    assert (await ask(platform, "/suppliers/0CX/assessments", as_at="2014-12-31"))["outcome"] == "manage"
    told = (await published(platform, "SupplierAssessed"))[-1]
    assert (told["supplier"], told["customers"], told["stop_on"]) == ("0DJ", ["05Y"], "2016-05-31")
    assert dict(zip(told["routes"], told["replace_by"], strict=True))["procurement"] == "2015-08-31"

    # Assessed again, it goes on: nobody has to replace it.
    await platform.move_clocks(date(2015, 3, 2))
    await assess(platform, "0DJ", "2015-03-02", results=PASSED)
    await platform.move_clocks(date(2015, 3, 3))
    assert (await ask(platform, "/findings", "05Y", kind="replacement_due"))["items"] == []
    assert len((await ask(platform, "/findings", "05C", kind="replacement_due"))["items"]) == 2
    # A stop of before that is stated late is history.
    late = await assess(platform, "0DJ", "2015-02-10", results=failed, last_day="2016-05-31")
    assert late["outcome"] == "stop"
    assert (await ask(platform, "/findings", "05Y", kind="replacement_due"))["items"] == []


async def test_s21_hosted_units_step_in_by_function_region_and_standard(platform: Platform) -> None:
    await platform.move_clocks(date(2014, 2, 3))
    await with_contracts(platform)

    async def offer(code: str, expect: int = 201, by: str | None = None, **body: Any) -> Any:
        whole = {"effective_on": "2014-04-01", "functions": {"payroll": PAYROLL}, "commissioners": ["05C"]} | body
        path = f"/suppliers/{code}/offers"
        organisations = (by or code,)
        return await platform.call(
            "POST", "contracts", path, Role.CONTRACT_LEAD, organisations=organisations, json=whole, expect=expect
        )

    for code in ("0AA", "0BB", "0CC", "0EE", "0FF", "0GG"):
        await state(platform, code, **HOSTED)
    await offer("0AA", regions=["Y56"])
    await offer("0BB", regions=["Y54"])
    await offer("0CC", regions=["Y54"], functions={"payroll": PAYROLL[:2]})
    await offer("0EE", regions=["Y54"])
    await offer("0FF", regions=["Y54"])
    await offer("0GG", regions=["Y54"], until="2014-09-30")
    await offer("0HH")
    await state(platform, "0EE", effective_on="2014-09-01", state="closing")
    await state(platform, "0FF", effective_on="2014-10-01", host="RXX")
    refused = await offer("0AA", 403, by="05C")
    assert refused["type"].endswith("/not-yours-to-decide")
    refused = await offer("0AA", 409, functions={"payroll": ["charm"], "conjuring": []})
    assert [one["field"] for one in refused["reasons"]] == ["functions.conjuring", "functions.payroll"]
    refused = await offer("0AA", 422, commissioners=[])
    assert "name for whom it is offered" in refused["reasons"][0]["message"]

    await platform.move_clocks(date(2014, 8, 1))
    asked: dict[str, Any] = {"customer": "05C", "supplier": "0CX", "region": "Y54", "starts_on": "2014-10-01"}
    net = await ask(platform, "/safety-net", "05C", **asked)
    assert (net["contracts"], net["uncovered"], net["rule_packs"]) == (["CSU-S44-0"], ["it"], ["minimum-standard-2011"])
    by_function = {one["function"]: one for one in net["functions"]}
    offered = by_function["payroll"]["offered_by"]
    assert [(one["supplier"]["code"], one["is_same_region"]) for one in offered] == [
        ("0BB", True),
        ("0FF", True),
        ("0AA", False),
    ]
    assert [(one["supplier"]["code"], one["below"]) for one in by_function["payroll"]["excluded"]] == [
        ("0CC", PAYROLL[2:]),
        ("0EE", []),
        ("0GG", []),
    ]
    # Before it closes 0EE could begin, and 0GG while it offers; on a later day 0FF is not the Board's.
    sooner = await ask(platform, "/safety-net", "05C", **asked | {"starts_on": "2014-08-01"})
    assert {"0EE", "0GG"} < {one["supplier"]["code"] for one in sooner["functions"][1]["offered_by"]}
    later = await ask(platform, "/safety-net", "05C", **asked | {"as_at": "2014-10-01"})
    assert "0FF" not in {one["supplier"]["code"] for one in later["functions"][1]["offered_by"]}
    # Another commissioner, which none of them names, elsewhere; and one that sees no contract of 05C.
    other = await ask(platform, "/safety-net", "05Y", customer="05Y", function="payroll", region="Y56")
    assert [one["supplier"]["code"] for one in other["functions"][0]["offered_by"]] == ["0AA"]
    assert (await ask(platform, "/safety-net", "05Y", **asked))["functions"] == []
    await offer("0BB", effective_on="2014-08-02", functions={})
    nothing = await ask(platform, "/suppliers/0BB/offers", as_at="2014-08-02", expect=404)
    assert nothing["type"].endswith("/offer-not-found")
    assert (await ask(platform, "/suppliers/0BB/offers", as_at="2014-08-01"))["regions"] == ["Y54"]
    assert BOARD not in {one["supplier"]["code"] for one in offered}
    # What is stated late of an earlier day lasts until the offer that was stated of a later one.
    await offer("0AA", effective_on="2014-07-01", regions=["Y54"])
    await offer("0AA", effective_on="2014-05-01", regions=["Y57"])
    regions = [
        (await ask(platform, "/suppliers/0AA/offers", as_at=day))["regions"]
        for day in ("2014-04-30", "2014-05-01", "2014-07-01")
    ]
    assert regions == [["Y56"], ["Y57"], ["Y54"]]
    # As does that there is none from a later day.
    await offer("0BB", effective_on="2014-06-01", regions=["Y57"])
    assert (await ask(platform, "/suppliers/0BB/offers", as_at="2014-08-01"))["regions"] == ["Y57"]
    nothing = await ask(platform, "/suppliers/0BB/offers", as_at="2014-08-02", expect=404)
    assert nothing["type"].endswith("/offer-not-found")
