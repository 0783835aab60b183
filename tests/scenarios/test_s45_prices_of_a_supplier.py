"""S45, contracts' part: what a unit costs and charges a head, dated, for it and its customers, and no one else."""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.builders import a_ccg, a_contract
from tests.support.platform import Platform

CCGS = ("10H", "10Y", "05C")


async def read(platform: Platform, *organisations: str, **asked: str) -> Any:
    shown = await platform.call(
        "GET", "contracts", "/suppliers/0CX", Role.PARTNER, organisations=organisations, params=asked
    )
    return shown["costs"]


@pytest.mark.parametrize(
    ("fixed", "per_head", "price", "heads", "fewer"),
    [(600_000_000, 400, 1_000, 1_000_000, 600_000), (123_456_789, 215, 777, 743_210, 512_004)],
)
async def test_s45_cost_price_and_heads_by_day_are_published_to_the_customers_and_to_no_one_else(
    platform: Platform, fixed: int, per_head: int, price: int, heads: int, fewer: int
) -> None:
    await platform.move_clocks(date(2014, 1, 15))
    ccgs = [a_ccg(code) for code in CCGS]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": ccgs})
    await platform.caught_up()
    terms = a_contract(reference="CSU-2014", customers=["10H", "10Y"], starts_on="2014-04-01", last_day="2017-03-31")
    await platform.call("POST", "contracts", "/contracts", Role.CONTRACT_LEAD, json=terms)
    await platform.call(
        "POST",
        "contracts",
        "/contracts/CSU-2014/signature",
        Role.CONTRACT_LEAD,
        json={},
        headers={"If-Match": '"1"'},
        organisations=("10H", "10Y"),
    )

    async def state(by: str, expect: int = 201, **stated: Any) -> Any:
        body = {"basis": "stated"} | stated
        path = "/suppliers/0CX/costs"
        return await platform.call(
            "POST", "contracts", path, Role.CONTRACT_LEAD, organisations=(by,), expect=expect, json=body
        )

    whole = {"fixed_pence": fixed, "per_head_pence": per_head, "heads": heads, "price_per_head_pence": price}
    refused = await state("10H", 403, effective_on="2014-04-01", **whole)
    assert refused["type"].endswith("/not-yours-to-decide")
    await state("0CX", effective_on="2015-04-01", heads=fewer)
    await state("0CX", effective_on="2014-04-01", **{**whole, "heads": heads + 1})
    await state("0CX", effective_on="2015-04-01", heads=fewer)
    await state("0CX", effective_on="2014-04-01", heads=heads)
    await state("0CX", effective_on="2015-04-01", heads=fewer)

    day = {"as_at": "2014-09-30"}
    assert await read(platform, "10H", **day) == whole | {"basis": "stated"}
    assert await read(platform, "0CX", as_at="2015-04-01") == whole | {"heads": fewer, "basis": "stated"}
    assert [await read(platform, one, **day) for one in ("05C", "13N")] == [None, None]
    assert await read(platform, "10H", as_at="2014-03-31") is None
    await platform.caught_up()
    feed = await platform.call("GET", "contracts", "/events", Role.PARTNER, params={"after": 0, "limit": 500})
    told = [item["event"]["data"] for item in feed["items"] if ".SupplierPriced.v" in item["event"]["type"]]
    assert [(one["effective_on"], one["heads"]) for one in told] == [
        ("2014-04-01", heads + 1),
        ("2015-04-01", fewer),
        ("2014-04-01", heads),
        ("2015-04-01", fewer),
    ]
    last = told[-1]
    assert (last["fixed_pence"], last["per_head_pence"], last["price_per_head_pence"]) == (fixed, per_head, price)
    assert last["customers"] == ["10H", "10Y"]
