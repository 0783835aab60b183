"""Portfolios over HTTP: stated, solved in a process of its own, explained, restated, cancelled, refused."""

import json
from fractions import Fraction
from typing import Any

import httpx

from libs.common.identity import Role
from services.finance.charts.rules import charts_of_run
from services.finance.plans.bound import upper_bound
from services.finance.plans.checker import violations
from services.finance.plans.problem import PROBLEM, Plan
from services.finance.portfolios.optimiser.answer import multipliers_in
from services.finance.portfolios.views import Price
from tests.support.edge import Tokens
from tests.support.finance_client import kind
from tests.support.finance_harness import FinanceHarness
from tests.support.report_documents import assert_figures_are_listed, assert_pdf_equals, cells_of
from tests.support.report_pages import assert_page_equals, assert_table_equals
from tests.support.waiting import until

YEARS = ("2027-28", "2028-29", "2029-30")


def an_item(name: str, *values: int, cash: int = 4_000_000, **more: Any) -> dict[str, Any]:
    starts = [
        {"year": year, "value_pence": value, "cash_pence": [{"year": year, "pence": cash}]}
        for year, value in zip(YEARS, values, strict=False)
    ]
    return {"kind": "opening", "name": name, "function": "payroll", "starts": starts} | more


def a_portfolio(**more: Any) -> dict[str, Any]:
    return {
        "reference": "CAM-2027",
        "title": "Shared services of Cambridgeshire",
        "organisations": ["06H"],
        "first_year": "2027-28",
        "years": 3,
        "lens": "public_sector",
        "items": [
            an_item("payroll opens", 30_000_000, 20_000_000, 10_000_000),
            an_item("estates opens", 25_000_000, 24_000_000, 5_000_000, function="estates"),
            an_item("IT opens", 9_000_000, 8_000_000, 7_000_000),
        ],
        "budgets_pence": [4_500_000, 4_500_000, 4_000_000],
        "go_lives": [{"per_quarter": 1}],
        "dependencies": [{"before": "payroll opens", "after": "IT opens"}],
    } | more


async def stated(client: httpx.AsyncClient, **more: Any) -> str:
    answer = await client.post("/v1/portfolios", json=a_portfolio(**more))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["portfolio"])


async def requested(client: httpx.AsyncClient, reference: str = "CAM-2027", **more: Any) -> httpx.Response:
    answer = await client.post(f"/v1/portfolios/{reference}/runs", json={"seconds": 20} | more)
    assert answer.status_code in (200, 202), answer.text
    return answer


async def ended(client: httpx.AsyncClient, run: str) -> dict[str, Any]:
    async def is_over() -> bool:
        return (await client.get(f"/v1/runs/{run}")).json()["state"] not in ("queued", "running")

    await until(is_over, within=60)
    answer = (await client.get(f"/v1/runs/{run}")).json()
    assert isinstance(answer, dict)
    return answer


async def test_from_a_statement_to_a_plan_its_explanation_its_proof_and_its_report(
    client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens
) -> None:
    await stated(client)
    first = await requested(client)
    assert (first.status_code, first.json()["state"]) == (202, "queued")
    run = first.json()["run"]
    assert first.headers["Location"] == f"../../runs/{run}"
    solved = await ended(client, run)
    assert solved["state"] == "done", solved
    plan = solved["plan"]
    assert (plan["verdict"], plan["sentence"], plan["gap"]) == ("optimal", "optimal", "0.00000")
    assert [(one["item"], one["year"], one["quarter"]) for one in plan["items"]] == [
        ("payroll opens", "2027-28", 1),
        ("estates opens", "2028-29", 1),
        ("IT opens", "2029-30", 1),
    ]
    assert plan["value_pence"] == plan["bound_pence"] == 30_000_000 + 24_000_000 + 7_000_000
    assert [year["left_pence"] for year in plan["years"]] == [500_000, 500_000, 0]
    wishes = (await client.get(f"/v1/runs/{run}/explanation")).json()["items"]
    assert [(one["item"], one["prefers"], one["obstacles"][0]["short_pence"]) for one in wishes] == [
        ("estates opens", "2027-28", 3_500_000),
        ("IT opens", "2027-28", 3_500_000),
    ]
    curve = (await client.get(f"/v1/runs/{run}/curve")).json()["points"]
    assert [point["value_pence"] for point in curve] == [0, 54_000_000, 61_000_000, 61_000_000]
    assert (await client.get(f"/v1/runs/{run}/clashes")).json()["clashes"] == []
    proof = (await client.get(f"/v1/runs/{run}/proof")).json()
    problem = PROBLEM.validate_python(proof["problem"])
    prices = tuple(Price.model_validate(price) for price in proof["multipliers"])
    assert upper_bound(problem, multipliers_in(prices)) // 1 == Fraction(plan["verified_bound_pence"])
    years = tuple(int(one["year"][:4]) - 2027 for one in plan["items"])
    assert violations(problem, Plan(years, (1, 1, 1))) == []
    rows = await harness.database.fetch("SELECT body FROM event_log WHERE body LIKE '%PortfolioSolved%'")
    [event] = [json.loads(row["body"])["data"] for row in rows]
    assert (event["run"], event["portfolio"], event["digest"]) == (run, "CAM-2027", solved["digest"])
    assert (event["organisations"], event["proven"], event["value_pence"]) == (["06H"], True, 61_000_000)
    assert (event["items"], event["years"]) == (["payroll opens", "estates opens", "IT opens"], list(YEARS))
    await _is_reported(client, tokens, run, solved)


async def _is_reported(client: httpx.AsyncClient, tokens: Tokens, run: str, solved: dict[str, Any]) -> None:
    """The report has the same figures in each form, and each figure leads to what it was computed from."""
    path = f"/v1/runs/{run}/report"
    document = (await client.get(path)).json()
    assert (document["run"], document["title"]) == (solved, "Shared services of Cambridgeshire")
    page = await client.get(path, params={"format": "html"})
    assert_page_equals(page.text, document, charts_of_run(document))
    assert_table_equals((await client.get(path, params={"format": "csv"})).text, document)
    assert_pdf_equals(document, charts_of_run(document))
    cells = cells_of(assert_figures_are_listed(document), "Plan")
    assert [cells["C8"], cells["C9"], cells["C10"]] == [610_000, 610_000, 0]
    figure = f"/v1/figures/{solved['digest']}~plan.items.1.value_pence/provenance"
    found = (await client.get(figure)).json()
    assert (found["answer"], found["value"], found["lens"]) == ("run", 24_000_000, "public_sector")
    assert found["inputs"]["terms"]["budgets_pence"] == [4_500_000, 4_500_000, 4_000_000]
    assert found["published_as"]
    assert (found["stated_at"], found["as_at"] is not None) == (solved["requested_at"], True)
    stranger = tokens.header(Role.PARTNER, organisations=("11C",))
    assert kind(await client.get(figure, headers=stranger)) == "figure-not-found"
    assert kind(await client.get(path, headers=stranger)) == "run-not-found"


async def test_the_same_inputs_are_computed_once_and_other_ones_again(
    client: httpx.AsyncClient, harness: FinanceHarness
) -> None:
    await stated(client)
    first = (await requested(client, curve=False)).json()
    again = await requested(client, curve=False)
    assert (again.status_code, again.json()["run"]) == (200, first["run"])
    done = await ended(client, first["run"])
    after = await requested(client, curve=False)
    assert (after.status_code, after.json()["plan"]) == (200, done["plan"])
    await stated(client, reference="CAM-2028", title="The same under another name")
    other = (await requested(client, "CAM-2028", curve=False)).json()
    assert (other["run"] != first["run"], other["digest"]) == (True, first["digest"])
    assert (await ended(client, other["run"]))["plan"] == done["plan"]
    results = await harness.database.fetch("SELECT digest FROM run_result")
    assert [row["digest"] for row in results] == [first["digest"]]
    richer = {key: value for key, value in a_portfolio().items() if key not in ("reference", "organisations")}
    changed = await client.put(
        "/v1/portfolios/CAM-2027",
        json=richer | {"budgets_pence": [9_000_000, 0, 4_000_000]},
        headers={"If-Match": '"1"'},
    )
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    second = (await requested(client, curve=False)).json()
    assert (second["version"], second["run"] != first["run"]) == (2, True)
    assert (await ended(client, second["run"]))["plan"]["value_pence"] == 62_000_000
    then = await client.get("/v1/portfolios/CAM-2027", params={"as_known": first["requested_at"]})
    assert then.json()["version"] == 1
    runs = (await client.get("/v1/portfolios/CAM-2027/runs")).json()["items"]
    assert [one["run"] for one in runs] == [second["run"], first["run"]]


async def test_a_cancelled_run_is_not_taken_for_the_next_and_what_cannot_be_planned_says_what_has_to_give(
    client: httpx.AsyncClient,
) -> None:
    items = [an_item(name, 1_000, cash=3_000, mandatory=True) for name in ("a", "b", "c")]
    await stated(client, items=items, dependencies=[], budgets_pence=[5_000, 0, 0])
    run = (await requested(client)).json()["run"]
    assert kind(await client.get(f"/v1/runs/{run}/curve")) == "run-not-done"
    cancelled = await client.post(f"/v1/runs/{run}/cancellation")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    again = (await requested(client)).json()["run"]
    assert again != run
    solved = await ended(client, again)
    assert (await client.get(f"/v1/runs/{run}")).json()["state"] == "cancelled"
    assert (solved["plan"]["verdict"], solved["plan"]["value_pence"]) == ("infeasible", None)
    clashes = (await client.get(f"/v1/runs/{again}/clashes")).json()["clashes"]
    assert [clash["sentence"] for clash in clashes] == ["£40.00 more in 2027-28"]


async def test_a_portfolio_is_read_and_solved_by_its_own_organisations(
    client: httpx.AsyncClient, tokens: Tokens
) -> None:
    await stated(client)
    run = (await requested(client)).json()["run"]
    other = tokens.header(Role.FINANCE_LEAD, organisations=("11C",))
    for path in ("/v1/portfolios/CAM-2027", "/v1/portfolios/CAM-2027/runs"):
        assert kind(await client.get(path, headers=other)) == "portfolio-not-found"
    assert kind(await client.get(f"/v1/runs/{run}", headers=other)) == "run-not-found"
    assert kind(await client.get(f"/v1/runs/{run}", params={"as_known": "2020-01-01"})) == "run-not-found"
    assert (await client.get("/v1/portfolios", headers=other)).json()["items"] == []
    refused = await client.post("/v1/portfolios/CAM-2027/runs", json={}, headers=other)
    assert kind(refused) == "portfolio-not-found"
    assert kind(await client.post("/v1/portfolios", json=a_portfolio(organisations=["11C"]))) == "not-yours-to-decide"
    [listed] = (await client.get("/v1/portfolios")).json()["items"]
    assert (listed["portfolio"], listed["items"]) == ("CAM-2027", 3)


async def test_everything_that_contradicts_itself_is_named_at_once(client: httpx.AsyncClient) -> None:
    wrong = a_portfolio(
        items=[an_item("a", 1), an_item("a", 1), an_item("b", 1, committed_to="2031-32")],
        budgets_pence=[1],
        dependencies=[{"before": "a", "after": "b"}, {"before": "b", "after": "a"}, {"before": "a", "after": "x"}],
    )
    refused = await client.post("/v1/portfolios", json=wrong)
    assert kind(refused) == "portfolio-unsound"
    assert [(reason["field"], reason["message"]) for reason in refused.json()["reasons"]] == [
        ("budgets_pence", "1 budgets for 3 years"),
        ("items", "a: two items have this name"),
        ("items", "b: committed to 2031-32, which is none of its starts"),
        ("dependencies", "x is no item"),
        ("dependencies", "a, b, x wait for each other"),
    ]
    await stated(client)
    assert kind(await client.post("/v1/portfolios", json=a_portfolio())) == "portfolio-reference-taken"
