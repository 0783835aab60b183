"""S29 in governance: whose decision is overdue, for how many months, and at what cost by finance's own price."""

from datetime import date
from typing import Any

from libs.common.identity import Role
from tests.scenarios.test_s29_inertia_has_a_price import by_month
from tests.support.builders import a_ccg
from tests.support.cases import a_case, half_up
from tests.support.platform import Platform

OPENED, DUE = date(2017, 1, 10), date(2017, 4, 1)
FIGURES = {"SHARED-1": (2_515_000, 4_000_000), "SHARED-2": (1_234_567, 2_000_001)}
BODY = "06H-governing-body"
DEFERRED = {"body": BODY, "from_on": "2017-06-01", "until_on": "2017-08-01"}


async def lead(platform: Platform, code: str, method: str, path: str, **request: Any) -> Any:
    return await platform.call(method, "governance", path, Role.GOVERNANCE_LEAD, organisations=(code,), **request)


async def prepared(platform: Platform) -> None:
    """Two cases of 10Y, published; both bodies are there to decide on them."""
    await platform.move_clocks(OPENED)
    bodies = [a_ccg(code) for code in ("06H", "10Y")]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": bodies})
    await platform.caught_up()
    for code in ("06H", "10Y"):
        await lead(platform, code, "POST", "/bodies", json={"organisation": code, "first_day": OPENED.isoformat()})
    finance: dict[str, Any] = {"organisations": ("10Y",)}
    for case, (saving, outlay) in FIGURES.items():
        stated = {"case": case, "organisation": "10Y", "content": a_case(one_off=outlay * 100, saving=saving * 100)}
        await platform.call("POST", "finance", "/cases", Role.FINANCE_LEAD, json=stated, **finance)
        path, version = f"/cases/{case}/versions/1/publication", {"If-Match": '"1"'}
        await platform.call("POST", "finance", path, Role.FINANCE_LEAD, headers=version, **finance)
    await platform.caught_up()


async def proposed(platform: Platform, case: str) -> str:
    asked: dict[str, Any] = {
        "organisation": "10Y",
        "kind": "award",
        "action": "contract.award",
        "subject": case,
        "case": case,
    }
    asked |= {"due_on": DUE.isoformat(), "consents": [BODY, "10Y-governing-body"], "case_version": 1}
    return str((await lead(platform, "10Y", "POST", "/proposals", json=asked))["proposal"])


async def test_s29_inertia_and_what_it_costs_with_and_without_a_lawful_deferral(platform: Platform) -> None:
    await prepared(platform)
    runs, stopped = [await proposed(platform, case) for case in FIGURES]
    await platform.move_clocks(date(2017, 6, 1))
    deferral = {**DEFERRED, "reason": "consultation-under-way"}
    await lead(platform, "06H", "POST", f"/proposals/{stopped}/deferrals", json=deferral)
    await platform.move_clocks(date(2017, 9, 1))
    radar = (await lead(platform, "10Y", "GET", "/radar"))["items"]
    seen = {one["about"]: one for one in radar if one["body"] == BODY}
    for proposal, figures, months in zip((runs, stopped), FIGURES.values(), (5, 3), strict=True):
        shown, prices = seen[proposal], dict(zip(("fixed", "rolling"), by_month(*figures), strict=True))
        assert (shown["kind"], shown["organisation"], shown["since"]) == ("inertia", "06H", "2017-04-02")
        assert (shown["months"], shown["running"]) == (months, True)
        assert {
            one["horizon"]: (one["months"], one["monthly_pence"], one["to_date_pence"]) for one in shown["costs"]
        } == {
            horizon: (months, int(half_up(price * 100)), int(half_up(price * months * 100)))
            for horizon, price in prices.items()
        }
    fixed = next(one for one in seen[runs]["costs"] if one["horizon"] == "fixed")
    assert (fixed["monthly_pence"], fixed["to_date_pence"]) == (18_779_999, 93_899_994)
    [during] = [
        one
        for one in (await lead(platform, "06H", "GET", "/radar", params={"as_at": "2017-07-15"}))["items"]
        if (one["about"], one["body"]) == (stopped, BODY)
    ]
    assert (during["months"], during["running"], during["deferrals"][0]["until_on"]) == (2, False, "2017-08-01")
