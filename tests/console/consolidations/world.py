"""A plan of another world than the demo's, as the API writes it."""

from typing import Any


def a_member(code: str, *, accepts: bool = False, share: str = "1/3", pence: int = 7_777_700) -> dict[str, Any]:
    """A member that has entered."""
    body = {"code": code, "name": f"Board of {code}", "status": "open"}
    return {"organisation": body, "has_entered": True, "accepts": accepts, "share": share, "annual_pence": pence}


def a_plan(**changed: Any) -> dict[str, Any]:
    """A plan that one of its two members has entered."""
    return {
        "plan": "ZED-PLAN",
        "reference": "ZED-SHARED",
        "title": "Shared support for Zed",
        "option": "csu_serves_both",
        "state": "planned",
        "supplier": {"code": "0ZZ", "name": "Zed Support Unit", "status": "open"},
        "members": [a_member("Q9X"), {**a_member("Q8W"), "has_entered": False}],
        "contracts": ["ZED-1"],
        "lines": [{"function": "payroll", "annual_pence": 23_333_100}],
        "annual_pence": 23_333_100,
        "previous_annual_pence": 31_111_100,
        "saving_pence": 7_778_000,
        "go_live_on": "2035-04-01",
        "last_day": "2040-03-31",
        "revision": 3,
        "stated_at": "2034-01-05T10:00:00Z",
        "tolerance": None,
        "as_at": "2034-01-05",
        "as_known": None,
    } | changed


def some_options(contract: str, **changed: Any) -> dict[str, Any]:
    """The two ways out of a contract that cannot be left in time."""
    return {
        "contract": contract,
        "is_free": False,
        "earliest_exit_on": "2036-05-31",
        "notice_by": "2035-11-30",
        "waits_until": "2036-06-01",
        "delay_months": 14,
        "price_pence": 1_234_567,
        "unpriced": [],
    } | changed
