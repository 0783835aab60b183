"""S41: small CCGs share a service by population; finance restates what each pays where a list is corrected."""

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


def by_hand(cost: int, lists: dict[str, int]) -> list[int]:
    """The cost by people, in the order of the codes: each rounded down, the pennies left over by largest remainder."""
    exact = [Fraction(cost * lists[code], sum(lists.values())) for code in sorted(lists)]
    pence = [int(part) for part in exact]
    for index in sorted(range(len(exact)), key=lambda one: pence[one] - exact[one])[: cost - sum(pence)]:
        pence[index] += 1
    return pence


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
    terms = {"customers": codes, "starts_on": "2014-04-01", "last_day": "2016-03-31"}
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
    await constituted(platform, codes, lacking=["hr", "legal", "risk"])
    for code in codes:
        assert (await call(platform, "GET", "", code))["status"] == "draft"
        await call(platform, "POST", "/signature", code, json={}, headers=await version(platform, code))

    shown = await call(platform, "GET", "/shares/cost", codes[0], params={"as_at": "2014-04-01"})
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
    await constituted(platform, codes, lacking=[])
    await restated_when_a_list_is_corrected(platform, cost, lists)


async def constituted(platform: Platform, codes: list[str], *, lacking: list[str]) -> None:
    """Governance takes the shared service's constitution once every table of its agreement is published as whole."""
    seats = [{"title": "Member", "organisation": code, "described_in": "Agreement, 4"} for code in codes]
    constitution = {"title": "Shared service board", "seats": seats, "terms": {"quorum": [{"least": 2}]}}
    hosted: dict[str, Any] = {"kind": "hosted_service", "parties": codes, "host": "10Y", "agreement": REFERENCE}
    hosted |= {"first_day": "2014-04-01", "constitution": constitution}
    asked: dict[str, Any] = {"organisations": tuple(codes), "json": hosted, "expect": 409 if lacking else 201}
    answer = await platform.call("POST", "governance", "/instruments", Role.GOVERNANCE_LEAD, **asked)
    if not lacking:
        assert (answer["stands"], answer["host_share"]) == (True, "1/3")
        return
    assert answer["type"].endswith("/shares-not-whole")
    assert [reason["message"] for reason in answer["reasons"]] == [
        f"no whole table of {table} shares of {REFERENCE} is known, which hosted-service-2013 needs"
        for table in lacking
    ]


async def restated_when_a_list_is_corrected(platform: Platform, cost: int, lists: dict[str, int]) -> None:
    """As stated until every list is published, then by the lists; a corrected one restates what each pays."""
    codes = sorted(lists)
    asked: dict[str, Any] = {"as_at": "2014-04-01"}
    shown = await shares(platform, **asked)
    assert [(part["organisation"], part["annual_pence"]) for part in shown["parts"]] == [
        (code, pence) for code, pence in zip(codes, by_hand(cost, lists), strict=True)
    ]
    assert (shown["rule"], shown["basis"], len(shown["warnings"])) == ("stated", "population:registered", 1)
    for code in reversed(codes):
        await publish(platform, code, lists[code] + 1)
        assert (await shares(platform, **asked))["rule"] == ("counted" if code == codes[0] else "stated")
    published = {code: people + 1 for code, people in lists.items()}
    shown = await shares(platform, **asked)
    assert [part["annual_pence"] for part in shown["parts"]] == by_hand(cost, published)
    assert [part["counted"]["people"] for part in shown["parts"]] == [published[code] for code in codes]

    await platform.move_clocks(date(2013, 9, 1))
    corrected = published | {"10Y": published["10Y"] - 12_345}
    await publish(platform, "10Y", corrected["10Y"])
    await publish(platform, "10Y", 999_999, on="2014-07-01")
    for code in codes:
        stated = {"population": corrected[code], "source": "GP registered lists"}
        path = f"/organisations/{code}/populations/2014-15"
        await platform.call("PUT", "finance", path, Role.FINANCE_LEAD, organisations=(code,), json=stated)
    shown = await shares(platform, **asked)
    assert [part["annual_pence"] for part in shown["parts"]] == by_hand(cost, corrected)
    assert sum(part["annual_pence"] for part in shown["parts"]) == cost
    before = await shares(platform, as_known="2013-08-31", **asked)
    assert [part["annual_pence"] for part in before["parts"]] == by_hand(cost, published)
    for code, pence in zip(codes, by_hand(cost, corrected), strict=True):
        path = f"/allowances/{code}/2014-15"
        allowance = await platform.call("GET", "finance", path, Role.FINANCE_LEAD, organisations=(code,))
        [charge] = allowance["support_charges"]["items"]
        assert charge["amount_pence"] == pence
    await other_shares_change_no_cost(platform, cost, corrected)
    missing = await shares(platform, "99Z", expect=404, **asked)
    assert missing["type"].endswith("/cost-shares-not-found")


async def other_shares_change_no_cost(platform: Platform, cost: int, lists: dict[str, int]) -> None:
    """Shares of other things from a later day leave the cost as it is, and its rule with the day that it names."""
    codes = sorted(lists)
    table = {"weights": dict.fromkeys(codes, 1), "total": 3, "from_day": "2014-08-01", "document": "Deed of variation"}
    await call(platform, "PUT", "/shares/hr", *codes, json=table, headers=await version(platform, *codes))
    shown = await shares(platform, as_at="2014-09-01")
    assert (shown["rule"], shown["warnings"]) == ("counted", [])
    assert [part["annual_pence"] for part in shown["parts"]] == by_hand(cost, lists)


async def shares(platform: Platform, code: str = "10H", expect: int = 200, **asked: str) -> Any:
    """How finance divides the charge."""
    await platform.caught_up()
    path = f"/cost-shares/{REFERENCE}"
    return await platform.call(
        "GET", "finance", path, Role.FINANCE_LEAD, organisations=(code,), params=asked, expect=expect
    )


async def publish(platform: Platform, code: str, people: int, on: str = "2013-04-01") -> None:
    """The registry publishes a registered list, or corrects it."""
    body = {"basis": "registered", "people": people, "effective_on": on}
    path = f"/organisations/{code}/populations"
    await platform.call("POST", "registry", path, Role.REGISTRAR, json=body)
