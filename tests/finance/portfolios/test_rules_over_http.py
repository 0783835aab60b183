"""Every rule of a portfolio at once over HTTP: the plan is the best of all that obey them, found by trying each."""

from typing import Any

import httpx

from services.finance.plans.problem import PROBLEM
from tests.finance.portfolios.instances import best_by_trying
from tests.finance.portfolios.test_api import an_item, ended
from tests.finance.portfolios.test_exits import ASSESSMENT, BODY, SUPPLIER, of_contract
from tests.support.finance_harness import FinanceHarness

CONTRACTS = ("CSU-PAYROLL-A", "CSU-PAYROLL-B")
AS_AT = {"as_at": "2027-04-01"}
POUND = 100


def a_portfolio(**more: Any) -> dict[str, Any]:
    exits = [{"kind": "exit", "name": name, "contract": name, "function": "payroll"} for name in CONTRACTS]
    cash = 200_000 * POUND
    return {
        "reference": "RULES-2027",
        "title": "Every rule",
        "organisations": [BODY],
        "first_year": "2027-28",
        "years": 3,
        "lens": f"organisation:{BODY}",
        "items": [
            *exits,
            an_item("hub opens", -1, -2, -3, cash=cash),
            an_item("small site", 10, 20, 15, cash=0),
            an_item("large site", 30, cash=900_000 * POUND),
            an_item("move out", -50, -70, cash=cash, mandatory=True),
        ],
        # What is left of a year is needed in the next: no year could pay for an exit alone.
        "budgets_pence": [1_000_000 * POUND] * 3,
        "carry_over": True,
        "go_lives": [{"per_quarter": 1}],
        "dependencies": [{"before": "hub opens", "after": CONTRACTS[0]}],
        "alternatives": [{"items": ["small site", "large site"], "mandatory": True}],
        "suppliers": [{"supplier": SUPPLIER, "need_pence": 1_500_000 * POUND}],
        "target_pence": 1,
    } | more


async def solved(client: httpx.AsyncClient) -> dict[str, Any]:
    body = {"curve": False, "seconds": 20, "gap": "0"}
    asked = await client.post("/v1/portfolios/RULES-2027/runs", json=body, params=AS_AT)
    assert asked.status_code == 202, asked.text
    return await ended(client, asked.json()["run"])


async def test_every_rule_at_once(client: httpx.AsyncClient, harness: FinanceHarness) -> None:
    for contract in CONTRACTS:
        await harness.hear(*of_contract("3/10", contract=contract))
        assert (await client.post(f"/v1/exit-assessments/{contract}", json=ASSESSMENT)).status_code == 201
    stated = await client.post("/v1/portfolios", json=a_portfolio())
    assert stated.status_code == 201, stated.text
    done = await solved(client)
    plan, run = done["plan"], done["run"]
    problem = PROBLEM.validate_python((await client.get(f"/v1/runs/{run}/proof")).json()["problem"])
    assert (plan["verdict"], plan["value_pence"]) == ("optimal", best_by_trying(problem))
    year = {one["item"]: one["year"] for one in plan["items"]}
    # The supplier cannot live on one contract: both leave in one year, the hub opens first, and it closes.
    assert year[CONTRACTS[0]] == year[CONTRACTS[1]] == plan["closures"][0]["year"]
    assert year["hub opens"] <= year[CONTRACTS[0]]
    assert [year["move out"], year["large site"]] == ["2027-28", None]
    assert year["small site"] is not None
    # More is spent than that year's budget.
    assert any(one["spent_pence"] > one["budget_pence"] for one in plan["years"])
    assert all(one["left_pence"] >= 0 for one in plan["years"])
    wishes = (await client.get(f"/v1/runs/{run}/explanation")).json()["items"]
    assert {obstacle["rule"] for wish in wishes for obstacle in wish["obstacles"]} >= {"budget", "alternatives"}
    await a_target_that_is_too_high(client, stated.headers["ETag"], plan["value_pence"])


async def a_target_that_is_too_high(client: httpx.AsyncClient, etag: str, best: int) -> None:
    terms = {name: value for name, value in a_portfolio(target_pence=best + 12_345).items() if name != "reference"}
    del terms["organisations"]
    restated = await client.put("/v1/portfolios/RULES-2027", json=terms, headers={"If-Match": etag})
    assert restated.status_code == 200, restated.text
    done = await solved(client)
    assert done["plan"]["verdict"] == "infeasible"
    shown = (await client.get(f"/v1/runs/{done['run']}/clashes")).json()
    # The least to a thousandth.
    [clash] = shown["clashes"]
    assert clash["rule"] == "target"
    assert 12_345 <= clash["more_pence"] <= 12_345 * 1.001
    assert (shown["least"], shown["sentence"]) == (True, done["plan"]["sentence"])
