"""S03: what finance counts by the published terms of an exit is what contracts prices, line by line, on each day."""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.scenarios.test_s05_to_s07_notice_dates import opened, signed
from tests.support.platform import Platform

TERMS = {"exit_days": "quarter", "redundancy_pence": 31_00, "reprocurement_pence": 5_01, "stranded_pence": [7_77]}
LICENCES = [
    {"pence": 12_500_01, "payee": "LICENSOR1"},
    {"pence": 99, "function": "payroll"},
    {"pence": 2_001, "payee": "LANDLORD", "function": "payroll"},
    {"pence": 5_000, "payee": "LICENSOR1", "function": "estates"},
]
Lines = list[tuple[Any, ...]]


@pytest.mark.parametrize(
    ("annual", "terms"),
    [
        pytest.param(
            400_003_01,
            TERMS
            | {"payment_share": "1/3", "breakage": LICENCES, "dual_running_months": 5, "redundancy_payer": "customers"},
            id="a month of dual running is the charge's",
        ),
        pytest.param(
            77_77,
            TERMS
            | {"breakage": [], "dual_running_months": 2, "dual_running_pence": 33_33, "redundancy_payer": "supplier"},
            id="a month has its price, and notice costs nothing",
        ),
        pytest.param(1_000_000, {"exit_days": "quarter", "payment_share": "1/2"}, id="terms that are not stated"),
    ],
)
async def test_s03_terms_and_prices_are_equal_to_the_penny_on_every_day_on_offer(
    platform: Platform, annual: int, terms: dict[str, Any]
) -> None:
    await opened(platform)
    reference = await signed(
        platform,
        date(2017, 1, 10),
        reference="PAYROLL-2017",
        starts_on="2017-04-01",
        last_day="2020-03-31",
        notice_months=3,
        lines=[{"function": "payroll", "annual_pence": annual}],
        exit_terms=terms,
    )
    await platform.move_clocks(date(2017, 4, 1))
    await platform.caught_up()
    body = {"organisation": "10H", "base_year": "2017-18", "years": 5, "replacement_pence": 1}
    assessed = await platform.call("POST", "finance", f"/exit-assessments/{reference}", Role.FINANCE_LEAD, json=body)
    priced = await platform.call(
        "GET", "contracts", f"/contracts/{reference}/termination", Role.CONTRACT_LEAD, organisations=("10H",)
    )
    by_price = {one["exit_on"]: one for one in priced["estimates"] if not one["notice_passed"]}
    by_terms = {one["exit_on"]: one for one in assessed["exits"] if not one["is_passed"]}
    assert len(by_terms) > 9
    assert by_terms.keys() == by_price.keys()
    for day, one in by_terms.items():
        assert lines(one["lines"]) == lines(by_price[day]["price"]["components"])
        assert one["unpriced"] == by_price[day]["price"]["unpriced"]
        assert one["assumptions"] == []


def lines(shown: list[dict[str, Any]]) -> Lines:
    """Each line without its basis; who is paid redundancy pay has a name of its own in either service."""
    return sorted(
        (*(one["component"], one["nature"], one["payer"], one["payee"].replace("staff", "households"), one["pence"]),)
        for one in shown
    )
