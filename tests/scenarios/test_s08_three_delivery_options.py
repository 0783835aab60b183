"""S08, contracts' part: three options of delivery for each of ten functions beside doing nothing, by a dated pack."""

import pytest

from libs.common.identity import Role
from tests.support.platform import Platform

TEN = {
    *("payroll", "employment", "procurement", "hr", "telephony", "legal", "call_centre", "telephone_licences", "it"),
    "hotel",
}
OPTIONS = ["csu_serves_both", "joint_entity", "multiple_providers"]


@pytest.mark.parametrize(
    ("as_at", "asked", "functions", "options"),
    [
        ("2016-11-21", [], TEN, OPTIONS),
        ("2024-03-31", ["bi", "finance", "bi"], {"bi", "finance"}, OPTIONS),
        ("2016-11-20", ["payroll"], {"payroll"}, []),
    ],
)
async def test_s08_each_function_has_exactly_three_options_and_doing_nothing(
    platform: Platform, as_at: str, asked: list[str], functions: set[str], options: list[str]
) -> None:
    params = {"as_at": as_at, "function": asked}
    shown = await platform.call("GET", "contracts", "/sourcing-options", Role.PARTNER, params=params)
    assert {one["function"] for one in shown["functions"]} == functions
    assert len(shown["functions"]) == len(functions)
    assert all((one["options"], one["do_nothing"]) == (options, True) for one in shown["functions"])
    assert [one["code"] for one in shown["delivery_options"]] == options
    assert [one["code"] for one in shown["structures"]] == ["1", "2", "3", "4"]
    assert ("delivery-options-2016" in shown["rule_packs"]) == bool(options)
    packs = await platform.call("GET", "contracts", "/rule-packs", Role.PARTNER)
    assert set(shown["rule_packs"]) <= {one["id"] for one in packs if one["citation"]}
    unknown = {"as_at": as_at, "function": ["astrology"]}
    refused = await platform.call("GET", "contracts", "/sourcing-options", Role.PARTNER, params=unknown, expect=409)
    assert refused["type"].endswith("/function-unknown")
