"""S16 and the sums of S08: savings by benchmark, the functions without one, the realisation as a visible input."""

from fractions import Fraction
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.platform import Platform

PARTS = {"hr": (30, 50), "finance": (30, 50), "it": (25, 40), "procurement": (25, 40)}
S16 = {"hr": 1_200_000, "finance": 2_000_000, "it": 3_000_000, "procurement": 800_000}
S08 = {
    "hr": 5_000_000,
    "procurement": 4_000_000,
    "it": 6_000_000,
    "payroll": 3_000_000,
    "employment": 2_500_000,
    "telephony": 2_000_000,
    "legal": 1_500_000,
    "call_centre": 3_500_000,
    "telephone_licences": 1_500_000,
    "hotel": 8_000_000,
}
OTHER = {"hr": 333_333, "it": 1_234_567, "estates": 90_001}


@pytest.mark.parametrize(
    ("baselines", "pounds", "percents"),
    [
        pytest.param(S16, (1_910_000, 2_515_000, 3_120_000), ("27.29", "44.57"), id="s16"),
        pytest.param(S08, (4_000_000, 5_250_000, 6_500_000), ("26.67", "43.33"), id="s08"),
        pytest.param(OTHER, None, None, id="second figures"),
    ],
)
async def test_s16_and_s08_savings_by_benchmark(
    platform: Platform,
    baselines: dict[str, int],
    pounds: tuple[int, int, int] | None,
    percents: tuple[str, str] | None,
) -> None:
    asked = [f"{function}:{amount * 100}" for function, amount in baselines.items()]

    async def estimate(**params: str) -> dict[str, Any]:
        query = {"baseline": asked, "as_at": "2016-11-21"} | params
        found: dict[str, Any] = await platform.call("GET", "finance", "/estimates", Role.PARTNER, params=query)
        return found

    found = await estimate()
    covered = {function: amount for function, amount in baselines.items() if function in PARTS}
    low, high = (sum(Fraction(amount * PARTS[function][end]) for function, amount in covered.items()) for end in (0, 1))
    assert found["saving"] == {
        "low_pence": round(low),
        "mid_pence": int((low + high) / 2 + Fraction(1, 2)),
        "high_pence": round(high),
    }
    if pounds is not None:
        assert [round(amount / 100) for amount in (low, (low + high) / 2, high)] == list(pounds)
        assert (found["low_percent"], found["high_percent"]) == percents
    functions = {one["function"]: one for one in found["functions"]}
    assert {name for name, one in functions.items() if one["saving"] is None} == set(baselines) - set(PARTS)
    assert all(functions[name]["benchmark"] == "no benchmark" for name in set(baselines) - set(PARTS))
    assert found["no_benchmark_pence"] == (sum(baselines.values()) - sum(covered.values())) * 100
    assert found["source"] == "private sector, >100 organisations, 5 years"
    assert (found["realisation"], found["realisation_source"]) == ("1", "full")
    part = await estimate(realisation="0.7")
    assert (part["realisation"], part["realisation_source"]) == ("7/10", "chosen")
    assert part["saving"]["low_pence"] == int(low * 7 / 10 + Fraction(1, 2))
    early = await estimate(as_known="2011-10-30")
    assert (early["pack"], early["with_benchmark_pence"]) == (None, 0)
