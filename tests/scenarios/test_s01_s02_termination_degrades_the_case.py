"""S01, S02, S22: a case with and without a termination payment that contracts priced, and what turns its decision."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from libs.common.identity import Role
from tests.scenarios.test_s05_to_s07_notice_dates import SUPPORT_UNIT, asked, opened, signed
from tests.support.cases import a_case, half_up, pays_back_in, worth
from tests.support.platform import Platform

FREE: dict[str, Any] = {
    "stranded_pence": [0],
    "breakage": [],
    "dual_running_months": 0,
    "redundancy_pence": 0,
    "redundancy_payer": "supplier",
    "reprocurement_pence": 0,
}
CONTRACT = "SUPPORT-2014"


async def call(platform: Platform, method: str, path: str, *, organisation: str = "10H", **request: Any) -> Any:
    return await platform.call(method, "finance", path, Role.FINANCE_LEAD, organisations=(organisation,), **request)


async def _ended_contract(platform: Platform, annual: int, share: str) -> str:
    """A contract of £1m a year that contracts signed, priced and ended over HTTP; the id of its termination."""
    await opened(platform)
    await signed(
        platform,
        date(2014, 4, 1),
        reference=CONTRACT,
        starts_on="2014-04-01",
        last_day="2021-03-31",
        lines=[{"function": "payroll", "annual_pence": annual}],
        exit_terms=FREE | {"payment_share": share},
    )
    await platform.move_clocks(date(2016, 4, 1))
    end = {"last_day": "2016-09-30", "reason": "shared_service"}
    offered = await asked(platform, CONTRACT, "terminations", end)
    [offer] = offered["terminations"]
    await asked(platform, CONTRACT, f"terminations/{offer['termination']}/acceptance", {}, party=SUPPORT_UNIT)
    await platform.caught_up()
    return str(offer["termination"])


async def _appraised(platform: Platform, path: str, **params: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    seen = await call(platform, "GET", f"{path}/appraisal", params=params)
    [option] = seen["options"]
    return seen, option


def _figures(option: dict[str, Any]) -> tuple[str, str, str]:
    measures = option["measures"]
    pounds = (half_up(Fraction(measures[name], 100)) for name in ("pv_benefits_pence", "npv_pence"))
    return (*pounds, measures["bcr"])


@pytest.mark.parametrize(
    ("saving", "outlay", "annual", "share", "payment"),
    [
        pytest.param(2_515_000, 4_000_000, 1_000_000_00, "5/9", 2_500_000, id="golden"),
        pytest.param(1_333_333, 2_100_007, 800_000_00, "1/3", 1_200_000, id="second figures"),
    ],
)
async def test_s01_and_s02_a_payment_degrades_the_case_and_has_its_switching_values(
    platform: Platform, saving: int, outlay: int, annual: int, share: str, payment: int
) -> None:
    termination = await _ended_contract(platform, annual, share)
    stated = a_case(one_off=outlay * 100, saving=saving * 100)
    case = {"case": "SHARED-1", "organisation": "10H", "content": stated}
    await call(platform, "POST", "/cases", json=case, expect=201)
    first, option = await _appraised(platform, "/cases/SHARED-1/versions/1")
    benefits, npv, ratio = worth(saving, outlay)
    assert _figures(option) == (half_up(benefits), half_up(npv), half_up(ratio, 3))
    assert option["measures"]["payback_year"] == pays_back_in(saving, outlay)
    assert option["measures"]["passes_benchmark"] == (ratio >= 4)

    unknown = [{"line": "payment", "contract": "NEVER-HEARD-OF"}]
    refused = a_case(terminations=unknown)
    problem = await call(platform, "POST", "/cases/SHARED-1/versions", json=refused, expect=409)
    assert problem["type"].endswith("/contract-not-heard")
    assert problem["reasons"][0]["field"] == "options.shared.terminations.payment.contract"

    named = [{"line": "payment", "contract": CONTRACT, "termination": termination}]
    worse = a_case(one_off=outlay * 100, saving=saving * 100, terminations=named)
    await call(platform, "POST", "/cases/SHARED-1/versions", json=worse, expect=201)
    second, with_payment = await _appraised(platform, "/cases/SHARED-1/versions/2")
    benefits, npv, ratio = worth(saving, outlay + payment)
    assert _figures(with_payment) == (half_up(benefits), half_up(npv), half_up(ratio, 3))
    assert with_payment["measures"]["payback_year"] == pays_back_in(saving, outlay + payment)
    assert not with_payment["measures"]["passes_benchmark"]
    [item] = [each for each in with_payment["items"] if each["contract"]]
    assert (item["title"], item["contract"]) == (f"termination payment, {CONTRACT}", CONTRACT)
    assert item["present_value_pence"] == -payment * 100
    assert item["present_value_pence"] == with_payment["measures"]["npv_pence"] - option["measures"]["npv_pence"]
    assert any(termination in cause for cause in second["provenance"]["causes"])
    assert first["provenance"]["causes"] == []

    await _switches(platform, saving, outlay, payment)


async def _switches(platform: Platform, saving: int, outlay: int, payment: int) -> None:
    """S02: the largest payment at 4:1, the switching saving; each run again at the value that was found."""
    path = "/cases/SHARED-1/versions/2/switching-values"
    largest = await call(platform, "GET", path, params={"measure": "bcr", "threshold": "4", "input": "payment"})
    [row] = largest["rows"]
    benefits, *_ = worth(saving, outlay)
    assert Fraction(row["switching_value"]) == (benefits / 4 - outlay) * 100
    for version, costs in ((1, outlay), (2, outlay + payment)):
        at = f"/cases/SHARED-1/versions/{version}/switching-values"
        [found] = (await call(platform, "GET", at, params={"input": "saving"}))["rows"]
        assert Fraction(found["switching_value"]) == Fraction(saving * 100) * costs / benefits
        again = a_case(one_off=costs * 100, saving=found["switching_pence"])
        await call(platform, "POST", "/cases/SHARED-1/versions", json=again, expect=201)
        _, option = await _appraised(platform, f"/cases/SHARED-1/versions/{version + 2}")
        assert abs(option["measures"]["npv_pence"]) < 10
    if (saving, outlay) == (2_515_000, 4_000_000):
        assert half_up(Fraction(row["switching_value"]) / 100) == "479589"


async def test_s22_a_rate_flips_the_decision_and_the_stored_case_stays(platform: Platform) -> None:
    await opened(platform)
    await platform.move_clocks(date(2017, 3, 1))
    for one_off, ratios in ((4_560_000, ("3.929", "4.027")), (4_600_000, None)):
        reference = f"FLIP-{one_off}"
        case = {"case": reference, "organisation": "10H", "content": a_case(one_off=one_off * 100)}
        await call(platform, "POST", "/cases", json=case, expect=201)
        headers = {"If-Match": '"1"'}
        path = f"/cases/{reference}/versions/1"
        published = await call(platform, "POST", f"{path}/publication", headers=headers, expect=201)
        current, option = await _appraised(platform, path)
        review, flipped = await _appraised(platform, path, discounting="discount-rate-review-2026")
        expected = [half_up(worth(2_515_000, one_off, rate=Fraction(rate, 1000))[2], 3) for rate in (35, 30)]
        found = [option["measures"]["bcr"], flipped["measures"]["bcr"]]
        assert found == expected
        assert ratios is None or tuple(found) == ratios
        assert current["provenance"]["packs"]["discounting-standard"] == "green-book-2022-standard"
        assert review["provenance"]["packs"]["discounting-standard"] == "discount-rate-review-2026"
        again, _ = await _appraised(platform, path)
        assert again["digest"] == current["digest"]
        assert published["digest"] == current["provenance"]["inputs_digest"]
