"""Every question to finance takes a day and an instant; as known before a fact was stated, no answer has it."""

import json
from pathlib import Path

import httpx

from libs.common.identity import Role
from tests.support.edge import Tokens
from tests.support.every_package import COMMANDS, HEARD
from tests.support.finance_harness import FinanceHarness

OPENAPI = Path(__file__).parents[2] / "docs" / "openapi" / "finance.json"

ONE_TIME = {
    "/v1/allowances/indicative": ("as_at", "the year that is asked for names the days"),
    "/v1/allowances/{code}/{year}": ("as_at", "the year in the path names the days; its parts have theirs"),
    "/v1/bridges": ("as_at", "the two days between which it leads are asked for"),
    "/v1/cases": ("as_at", "a version is what was stated, whatever the day"),
    "/v1/cases/{case}/versions/{version}": ("as_at", "a version is what was stated, whatever the day"),
    "/v1/cases/{case}/versions/{version}/simulations": ("as_at", "a version is what was stated, whatever the day"),
    "/v1/cases/{case}/versions/{version}/simulations/{simulation}": (
        "as_at",
        "a simulation was requested as at a day, and its answer never changes",
    ),
    "/v1/closes": ("as_at", "a period is closed when that is stated, and names its own days"),
    "/v1/eliminations": ("as_at", "the periods are asked for"),
    "/v1/estates/keys/{code}/{name}": ("as_at", "the weights of every day are shown"),
    "/v1/estates/schemes": ("as_at", "the year is asked for"),
    "/v1/estates/schemes/total": ("as_at", "the year is asked for"),
    "/v1/estates/workbooks": ("as_at", "a workbook is what was stated, whatever the day"),
    "/v1/estates/workbooks/{workbook}": ("as_at", "a workbook is what was stated, whatever the day"),
    "/v1/estates/workbooks/{workbook}/rows": ("as_at", "a workbook is what was stated, whatever the day"),
    "/v1/estates/years": ("as_at", "every year is shown"),
    "/v1/exit-triggers/{code}/{supplier}": ("as_at", "every day's trigger is shown"),
    "/v1/flips": ("as_at", "the pack is asked for; a decision has its own day"),
    "/v1/lenses/{code}/{name}": ("as_at", "the members of every day are shown"),
    "/v1/organisations/{code}/populations/{year}": ("as_at", "the year in the path names the days"),
    "/v1/postings": ("as_at", "the period is asked for"),
    "/v1/runs/{run}": ("as_at", "a run was asked as at a day, and its result never changes"),
    "/v1/runs/{run}/clashes": ("as_at", "a run was asked as at a day, and its result never changes"),
    "/v1/runs/{run}/curve": ("as_at", "a run was asked as at a day, and its result never changes"),
    "/v1/runs/{run}/explanation": ("as_at", "a run was asked as at a day, and its result never changes"),
    "/v1/runs/{run}/proof": ("as_at", "a run was asked as at a day, and its result never changes"),
    "/v1/series": ("as_at", "the years and the day of the boundaries are asked for"),
}
"""Questions without a day of their own: which of the two they leave out, and why."""
BOTH = ("as_at", "as_known")
NO_TIMES = {
    "/v1/rule-packs": "each pack is shown with its own days and instant",
    "/v1/rule-packs/{pack}": "a pack is what its file says, with its own days and instant",
    "/v1/allowances/{code}/{year}/history": "every day and every instant is shown",
    "/v1/documents/{document}": "a document was requested as at a day and as known, and never changes",
    "/v1/documents/{document}/content": "a document was requested as at a day and as known, and never changes",
    "/v1/events": "a log has positions",
    "/v1/webhooks": "of the service, not of what it knows",
    "/v1/webhooks/{number}": "of the service, not of what it knows",
    "/v1/webhooks/{number}/dead-letters": "of the service, not of what it knows",
    "/v1/provenance/{reference}": "each event is shown with its days, and a log has positions",
    "/v1/operations/backbone": "of the service, not of what it knows",
    "/v1/operations/clock": "of the service, not of what it knows",
    "/v1/operations/parked": "of the service, not of what it knows",
}


def test_every_question_takes_a_day_and_an_instant_or_says_why_not() -> None:
    paths = json.loads(OPENAPI.read_text(encoding="utf-8"))["paths"]
    missing: dict[str, set[str]] = {}
    for path, methods in paths.items():
        if path.startswith("/v1/") and "get" in methods:
            named = {parameter["name"] for parameter in methods["get"].get("parameters", [])}
            missing[path] = {*BOTH} - named
    reasoned = {path: {name} for path, (name, _) in ONE_TIME.items()} | {path: {*BOTH} for path in NO_TIMES}
    assert {path: names for path, names in missing.items() if names} == reasoned


READS = (
    "/allowances?organisation=06H&year=2018-19",
    "/organisations/06H/populations/2018-19",
    "/organisations/06H/budgets/2018-19/lines",
    "/virements?organisation=06H",
    "/buy-outs",
    "/buy-outs/PFI-1999/appraisal?as_at=2018-06-01",
    "/exit-assessments?organisation=06H&as_at=2018-06-01",
    "/exit-assessments/PAYROLL-2017?as_at=2018-06-01",
    "/cost-shares/PAYROLL-2017?as_at=2018-06-01",
    "/payments?as_at=2018-06-01",
    "/suppliers/0CX/cost-shift?exits=06H:1&as_at=2018-06-01",
    "/delays?as_at=2018-06-01",
    "/lenses/06H/neighbours",
    "/estates/keys/06H/catchment",
    "/estates/keys",
    "/cases",
    "/funds",
    "/funds/STF-2018/draws",
    "/initiatives/HR-2018/savings",
    "/account-mappings?organisation=06H",
    "/postings?organisation=06H&period=2018-04",
    "/exit-triggers",
    "/portfolios",
    "/footprints/QUE/population?as_at=2018-06-01",
)
"""A fact of each package; none of them was known in 2016."""


async def test_as_known_before_a_fact_no_answer_has_it(
    client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens
) -> None:
    await harness.hear(*HEARD)
    own = tokens.header(Role.FINANCE_LEAD, organisations=("06H", "10Y"))
    for method, path, body in COMMANDS:
        answer = await client.request(method, f"/v1{path}", json=body, headers=own)
        assert answer.status_code in (200, 201), f"{path}: {answer.text}"
    wrong = {}
    for path in READS:
        now = await client.get(f"/v1{path}", headers=own)
        join = "&" if "?" in path else "?"
        before = await client.get(f"/v1{path}{join}as_known=2016-12-31", headers=own)
        if now.status_code != 200 or not _has(now) or _has(before):
            wrong[path] = (now.status_code, now.text[:300], before.status_code, before.text[:300])
    assert wrong == {}


def _has(answer: httpx.Response) -> bool:
    """Whether an answer has something to say of the fact."""
    if answer.status_code == 404:
        return False
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    return bool(shown["items"]) if isinstance(shown, dict) and "items" in shown else bool(shown)
