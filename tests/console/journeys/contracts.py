"""Contracts of today for journeys, each of its own reference: what a journey changes is its own."""

from datetime import date, timedelta
from typing import Any

from tests.console.browser import Tab
from tests.support.demo import Demo


def running_contract(demo: Demo, reference: str, customer: str, **changed: Any) -> None:
    """Sign a contract that runs from year to year: its notice day is in the next twelve months, whatever today is."""
    pence = changed.pop("annual_pence", 90_000_000)
    body: dict[str, Any] = {
        "reference": reference,
        "title": f"Payroll {reference}",
        "supplier": "0CX",
        "customers": [customer],
        "lines": [{"function": "payroll", "annual_pence": pence}],
        "starts_on": "2026-10-01",
        "last_day": "2027-03-31",
        "notice_months": 3,
        "value_basis": "illustrative",
        "exit_terms": {
            "initial_months": 6,
            "renewal_months": 12,
            "exit_days": "year",
            "notice_forms": ["letter", "recorded_letter"],
            "breakage": [],
            "dual_running_months": 0,
            "reprocurement_pence": 1_000_000,
            "redundancy_pence": 0,
            "redundancy_payer": "supplier",
            "stranded_pence": [0],
        },
    } | changed
    path, user = f"/contracts/v1/contracts/{reference}", f"commissioner@{customer}"
    _done(demo, "POST", "/contracts/v1/contracts", user, body)
    _done(demo, "POST", f"{path}/signature", user, {})


def a_plan(demo: Demo, plan: str, members: list[str], contract: str) -> None:
    """The first member plans a shared service and brings a contract; the others have not entered yet."""
    body = {
        "plan": plan,
        "reference": f"SHARED-{plan}",
        "title": f"Shared payroll of {plan}",
        "supplier": "0CX",
        "starts_on": (date(2027, 4, 1) + timedelta(days=366)).isoformat(),
        "last_day": "2033-03-31",
        "notice_months": 6,
        "lines": [{"function": "payroll", "annual_pence": 123_456_00}],
        "value_basis": "illustrative",
        "proposed_by": members[0],
        "members": [{"organisation": code} for code in members],
        "contracts": [contract],
    }
    _done(demo, "POST", "/contracts/v1/consolidations", f"commissioner@{members[0]}", body)


def _done(demo: Demo, method: str, path: str, user: str, body: Any) -> None:
    headers = {}
    if not path.endswith(("/contracts", "/consolidations")):
        read = demo.send("GET", path.rpartition("/")[0], user=user)
        headers = {"If-Match": read.headers["ETag"]}
    answer = demo.send(method, path, user=user, json=body, headers=headers)
    assert answer.status_code == 201, answer.text


async def shows(tab: Tab, words: str) -> None:
    """Wait for the page that has these words: a click may be done before the next page is there."""
    await tab.page.locator("main").get_by_text(words).first.wait_for()
