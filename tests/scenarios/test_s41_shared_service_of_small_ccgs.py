"""S41: small CCGs share a service by population; contracts keeps the shares, exact and whole."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.builders import a_ccg, a_contract
from tests.support.platform import Platform

REFERENCE = "SHARED-CCGS-2013"
CASES = [
    (240_000_000, {"10H": 205_000, "10Y": 330_000, "11X": 145_000}, [72_352_941, 116_470_588, 51_176_471]),
    (100_000_001, {"10H": 64_101, "10Y": 31_150, "11X": 88_003}, [34_979_319, 16_998_265, 48_022_417]),
]


async def call(platform: Platform, method: str, path: str, *codes: str, **request: Any) -> Any:
    path = f"/contracts/{REFERENCE}{path}"
    return await platform.call(method, "contracts", path, Role.CONTRACT_LEAD, organisations=codes, **request)


async def version(platform: Platform, *codes: str) -> dict[str, str]:
    return {"If-Match": f'"{(await call(platform, "GET", "", *codes))["version"]}"'}


@pytest.mark.parametrize(("cost", "lists", "parts"), CASES, ids=["the seed's figures", "a second set"])
async def test_s41_cost_follows_population_and_every_table_makes_up_the_whole(
    platform: Platform, cost: int, lists: dict[str, int], parts: list[int]
) -> None:
    codes = sorted(lists)
    await platform.move_clocks(date(2013, 4, 2))
    ccgs = [a_ccg(code) for code in codes]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": ccgs})
    await platform.caught_up()
    terms = {"customers": codes, "starts_on": "2013-06-01", "last_day": "2016-03-31"}
    body = a_contract(reference=REFERENCE, lines=[{"function": "payroll", "annual_pence": cost}], **terms)
    await platform.call("POST", "contracts", "/contracts", Role.CONTRACT_LEAD, organisations=("10Y",), json=body)
    drafter = "10Y"
    for kind in ("hr", "legal", "risk"):
        short = {"weights": dict.fromkeys(codes, 33), "total": 100}
        asked = {"headers": await version(platform, drafter)}
        refused = await call(platform, "PUT", f"/shares/{kind}", drafter, json=short, expect=409, **asked)
        assert refused["type"].endswith("/shares-not-whole")
        whole = {"weights": dict.fromkeys(codes, 1), "total": 3}
        await call(platform, "PUT", f"/shares/{kind}", drafter, json=whole, **asked)
    by_population = {"weights": lists, "total": sum(lists.values()), "basis": "population:registered"}
    headers = await version(platform, drafter)
    await call(platform, "PUT", "/shares/cost", drafter, json=by_population, headers=headers)
    await call(platform, "POST", "/award", drafter, headers=await version(platform, drafter))
    for code in codes:
        assert (await call(platform, "GET", "", code))["status"] == "draft"
        await call(platform, "POST", "/signature", code, json={}, headers=await version(platform, code))

    shown = await call(platform, "GET", "/shares/cost", codes[0], params={"as_at": "2013-06-01"})
    assert [(part["code"], part["annual_pence"]) for part in shown["parts"]] == list(zip(codes, parts, strict=True))
    assert sum(parts) == cost
    await platform.caught_up()
    feed = await platform.call(
        "GET", "contracts", "/events", Role.PARTNER, organisations=("11X",), params={"after": 0, "limit": 100}
    )
    told = {item["event"]["type"].split(".")[-2]: item["event"]["data"] for item in feed["items"]}
    exact = [Fraction(lists[code], sum(lists.values())) for code in codes]
    for event, field in (("ContractSigned", "customer_shares"), ("SharesAgreed", "cost_shares")):
        assert [Fraction(share) for share in told[event][field]] == exact
    assert told["SharesAgreed"]["risk_shares"] == ["1/3"] * 3
